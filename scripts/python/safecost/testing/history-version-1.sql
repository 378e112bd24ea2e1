-- What the first safecost with a history wrote into a database, by SQLAlchemy. Never to be edited: such files exist.
BEGIN TRANSACTION;
CREATE TABLE acceptance (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	"of" TEXT NOT NULL,
	metric TEXT NOT NULL,
	who TEXT NOT NULL,
	why TEXT NOT NULL,
	"when" TEXT NOT NULL,
	PRIMARY KEY (run, subject)
);
INSERT INTO "acceptance" VALUES('00000000000000000000000000000000','085b3ad60a69ab34889cb6184d1c3347','indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2','ratio','Ada Lovelace ✓','she said "so"; DROP TABLE pair','2026-12-31T00:00:00Z');
CREATE TABLE code (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	"case" TEXT NOT NULL,
	variant TEXT NOT NULL,
	profile TEXT NOT NULL,
	bytes BIGINT NOT NULL,
	instructions BIGINT NOT NULL,
	checks BIGINT NOT NULL,
	packed BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	PRIMARY KEY (run, subject)
);
INSERT INTO "code" VALUES('00000000000000000000000000000000','44111aff110986abfba1eeadff50ab6b','indexing/sum','at','gcc-o2',40,9,1,0,0);
CREATE TABLE count (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	"case" TEXT NOT NULL,
	variant TEXT NOT NULL,
	profile TEXT NOT NULL,
	size BIGINT NOT NULL,
	rate DOUBLE,
	calls BIGINT NOT NULL,
	instructions BIGINT,
	allocations BIGINT,
	allocated_bytes BIGINT,
	threads BIGINT,
	PRIMARY KEY (run, subject)
);
INSERT INTO "count" VALUES('00000000000000000000000000000000','44d04c836b2d33c27209d91d0e4f2b2f','indexing/sum','at','gcc-o2',4096,0.01,64,NULL,3,1000000000000000,NULL);
CREATE TABLE pair (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	"case" TEXT NOT NULL,
	panel TEXT NOT NULL,
	kind TEXT NOT NULL,
	variant TEXT NOT NULL,
	profile TEXT NOT NULL,
	against TEXT NOT NULL,
	against_profile TEXT NOT NULL,
	size BIGINT NOT NULL,
	rate DOUBLE,
	label TEXT NOT NULL,
	planted DOUBLE,
	ratio DOUBLE NOT NULL,
	low DOUBLE,
	high DOUBLE,
	level DOUBLE,
	verdict TEXT NOT NULL,
	launches BIGINT NOT NULL,
	detectable DOUBLE,
	threads BIGINT,
	PRIMARY KEY (run, subject)
);
INSERT INTO "pair" VALUES('00000000000000000000000000000000','b016ae8c57a94570341b2ae62759f1cd','indexing/sum','gcc-o2','idiom','at','gcc-o2','raw','gcc-o2',4096,NULL,'L1',NULL,3.00000000000000044408e-01,0.2997,0.3003,0.968,'slower',12,0.002,NULL);
INSERT INTO "pair" VALUES('00000000000000000000000000000000','f715e677c01e0bbd3763a77471050f41','controls/steps','gcc-o2-null','null','null','gcc-o2-null','raw','gcc-o2',4096,NULL,'L1',1.0,1.0,0.999,1.001,0.968,'unresolved',12,0.002,NULL);
CREATE TABLE proof (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	"case" TEXT NOT NULL,
	variant TEXT NOT NULL,
	profile TEXT NOT NULL,
	fault TEXT NOT NULL,
	outcome TEXT NOT NULL,
	detail TEXT,
	PRIMARY KEY (run, subject)
);
INSERT INTO "proof" VALUES('00000000000000000000000000000000','aaf4083cd03ef9817077fec24fb94883','indexing/sum','at','gcc-o2','one_past_end','reported','exception');
CREATE TABLE run (
	run VARCHAR(32) NOT NULL,
	subject VARCHAR(32) NOT NULL,
	started TEXT NOT NULL,
	mode TEXT NOT NULL,
	complete BOOLEAN NOT NULL,
	suite_version TEXT NOT NULL,
	"commit" TEXT,
	modified BOOLEAN,
	margin DOUBLE NOT NULL,
	machine TEXT NOT NULL,
	machine_facts JSON NOT NULL,
	load DOUBLE NOT NULL,
	steal_share DOUBLE NOT NULL,
	toolchains JSON NOT NULL,
	sources JSON NOT NULL,
	PRIMARY KEY (run, subject)
);
INSERT INTO "run" VALUES('00000000000000000000000000000000','5e87f618bd8837e87070ae7f83753c6a','2026-01-01T03:00:00Z','full',1,'0.1.0','0000000000000000000000000000000000000000',0,0.01,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','{"the processor": "Made-up CPU 9000", "the number of CPUs": 2}',0.5,0.0,'[{"name": "gcc-o2", "language": "c++", "library": "libstdc++", "compiler": "GNU 12.2.0", "flags": ["-O2"], "facts": {"_GLIBCXX_ASSERTIONS": "off"}}]','{"indexing/sum": "cccccccccccccccccccccccccccccccc"}');
CREATE TABLE safecost_history (
	name VARCHAR(32) NOT NULL,
	value BIGINT NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "safecost_history" VALUES('version',1);
COMMIT;
