/* The kernel border: what a plugin (one case, compiled once by one profile) shows to the runner.
 *
 * Plain C, so that builds of different compilers, standard libraries and languages meet in one process.
 *  - A plugin exports exactly one symbol, safecost_plugin_entry. Everything else is reached through it.
 *  - The version comes first and `struct_size` opens every struct: a reader strides arrays by the
 *    writer's struct_size and refuses another version before it looks at anything else.
 *  - No exception and no type of a language's library crosses. Who allocates, frees.
 *  - Strings are NUL-terminated UTF-8, owned by the plugin, alive as long as it is loaded.
 */
#ifndef SAFECOST_KERNEL_ABI_H
#define SAFECOST_KERNEL_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAFECOST_ABI_VERSION 6u

/* One call of the measured code. The pointer in the exported table is the kernel itself; all it
 * works on is reached through `context`; the result is a digest of the work it did. */
typedef uint64_t (*safecost_kernel)(void* context);

/* What the plugin's own compiler saw: a predefined macro or a version, and its value. */
typedef struct safecost_fact {
  uint32_t struct_size;
  const char* key;
  const char* value;
} safecost_fact;

/* The smallest kind of run that measures a parameter; larger kinds include it. */
enum { SAFECOST_TIER_QUICK = 0, SAFECOST_TIER_FULL = 1, SAFECOST_TIER_PUBLISH = 2 };

typedef struct safecost_parameter {
  uint32_t struct_size;
  uint32_t tier;
  uint64_t size;     /* elements, bytes or operations: the case file says which */
  double rate;       /* share of inputs that fail, 0..1; negative where the case has no rate */
  const char* label; /* what an input fits into: "L1", "L2", "memory" */
  /* How many threads the process has had in which it is timed: 1, or 2 where one was started, and has
   * ended, before any context was prepared; 0 where the case does not ask, which is as 1. */
  uint32_t threads;
  /* Threads that a kernel has to work at once, the one that calls it among them; 0 where it is the only one. */
  uint32_t workers;
} safecost_parameter;

/* What a worker does; the result is a digest of its share of the work. Nothing is thrown out of it. */
typedef uint64_t (*safecost_work)(void* context, uint32_t worker);

/* The threads that a kernel has. The host starts them, and fills this in before it has a context prepared. */
typedef struct safecost_workers {
  uint32_t struct_size;
  uint32_t count;
  void* host;
  /* Begins the work on all of them together, worker 0 on the calling thread, and waits for all. The sum of their
   * results. */
  uint64_t (*run)(const struct safecost_workers* workers, safecost_work work, void* context);
} safecost_workers;

/* Where one worker notes how long each of its operations took, in ticks; on cache lines of its own. */
typedef struct safecost_recorder {
  uint64_t* ticks;
  uint64_t capacity;
  uint64_t count; /* of operations; those beyond the capacity are counted and not noted */
  uint64_t reserved[5];
} safecost_recorder;

/* What the host fills in before it calls a variant's `latency`. */
typedef struct safecost_latencies {
  uint32_t struct_size;
  uint32_t count;
  safecost_recorder* recorders; /* one for each worker; NULL where nobody asks */
} safecost_latencies;

/* How a fault is brought about: by an input or an operation tape to the very function that is
 * timed, or by a separate kernel with one wrong step. */
enum { SAFECOST_FAULT_INPUT = 0, SAFECOST_FAULT_TAPE = 1, SAFECOST_FAULT_KERNEL = 2 };

/* What may confirm that raw code really commits the error (the oracle). */
enum {
  SAFECOST_ORACLE_GUARD = 1u << 0, /* an inaccessible page beside the block, on the timed binary */
  SAFECOST_ORACLE_SANITIZER = 1u << 1, /* ASan + UBSan */
  SAFECOST_ORACLE_MEMCHECK = 1u << 2,
  SAFECOST_ORACLE_LEDGER = 1u << 3, /* allocations and frees do not match */
  SAFECOST_ORACLE_CANARY = 1u << 4, /* bytes beside the block changed */
  SAFECOST_ORACLE_VALUE = 1u << 5,  /* the result differs from the declared reference */
  /* Two threads touch the same memory without order: ThreadSanitizer. The fault is judged by it alone. */
  SAFECOST_ORACLE_RACE = 1u << 6
};

/* Kinds of stop that count as stopping a fault. */
enum {
  SAFECOST_STOP_ASSERTION = 1u << 0, /* a library's check ended the process */
  SAFECOST_STOP_TRAP = 1u << 1,      /* a compiler's check executed a trap instruction */
  SAFECOST_STOP_FORTIFY = 1u << 2,
  SAFECOST_STOP_EXCEPTION = 1u << 3,
  SAFECOST_STOP_PANIC = 1u << 4,
  SAFECOST_STOP_ERROR_VALUE = 1u << 5
};

typedef struct safecost_fault {
  uint32_t struct_size;
  uint32_t kind;
  uint32_t cwe;     /* number in the Common Weakness Enumeration */
  uint32_t oracles; /* SAFECOST_ORACLE_* that confirm it */
  uint32_t stops;   /* SAFECOST_STOP_* that count */
  uint32_t reserved;
  uint64_t size; /* the size at which it is proved */
  const char* name;
  const char* description; /* one line: what the program does wrong */
  const char* contract;    /* the one contract it breaks */
  /* The digest that an idiom gives which prevents the fault, or NULL where none claims to. */
  uint64_t (*reference)(const void* input);
} safecost_fault;

#define SAFECOST_NO_FAULT UINT32_MAX

/* What to generate. The same request gives the same bytes, and input i does not depend on count. */
typedef struct safecost_request {
  uint32_t struct_size;
  uint32_t count; /* inputs in the pool */
  uint64_t seed;
  uint64_t size;
  double rate;
  uint32_t fault; /* SAFECOST_NO_FAULT, or the index of the fault that every input commits */
  uint32_t reserved;
  const char* data;    /* folder of the case file, where shipped inputs lie; no trailing slash */
  const char* scratch; /* a folder that this process may fill and that somebody else removes */
} safecost_request;

/* Inputs as plain C structs; every contender of every plugin is given these same bytes. */
typedef struct safecost_pool {
  uint32_t struct_size;
  uint32_t count;
  const void* inputs;
  size_t stride; /* from one input to the next */
  size_t bytes;  /* that all inputs together refer to */
  /* A digest of input i and of all that it refers to, the same wherever that lies and whichever plugin made it; 0
   * where an input refers to what the pool does not own. NULL: unknown. */
  uint64_t (*digest)(const struct safecost_pool* pool, uint32_t i);
} safecost_pool;

enum {
  SAFECOST_ROLE_RAW = 0,
  SAFECOST_ROLE_SAFE = 1,
  SAFECOST_ROLE_AA = 2, /* the first raw variant's source as a second function: its ratio is 1 */
  SAFECOST_ROLE_CALIBRATION =
      3 /* raw's work a known number of times: its ratio to it is `planted` */
};

enum {
  SAFECOST_VARIANT_PRACTISED = 1u << 0, /* a raw variant that C programs use for this task: qsort */
  /* Inside a type that looks safe runs code that nothing checks and that a reader must believe; in Rust, an `unsafe`
   * block of the case's own. */
  SAFECOST_VARIANT_TRUSTED_CORE = 1u << 1
};

/* Where the code of a variant comes from. */
enum {
  SAFECOST_ORIGIN_UNSTATED = 0,
  SAFECOST_ORIGIN_LIBRARY = 1, /* the language and published libraries, used as documented */
  SAFECOST_ORIGIN_ORDINARY =
      2, /* what a good programmer writes in an afternoon, without a trick of their own */
  SAFECOST_ORIGIN_BESPOKE = 3 /* made for this case; of raw code, the best that is known */
};

typedef struct safecost_variant {
  uint32_t struct_size;
  uint32_t role;
  const char* name;    /* the idiom: [a-z][a-z0-9_]* */
  const char* summary; /* one line */
  const char* gap;     /* why this toolchain cannot build the idiom; then `run` is NULL */
  safecost_kernel run;
  /* Untimed: make what `run` works on from one input; NULL when that failed. */
  void* (*prepare)(const void* input);
  void (*release)(void* context);
  /* Untimed, before each call: undo what the last call changed. NULL: `run` changes nothing. */
  void (*reset)(void* context, const void* input);
  /* Untimed, after a call: digest of what `run` left in memory. NULL: its result says it all. */
  uint64_t (*digest)(const void* context);
  /* One per fault: this idiom with the wrong step, or NULL. NULL altogether where no fault needs one. */
  const safecost_kernel* fault_kernels;
  /* One per fault: conditions under any of which the idiom claims to stop it, or NULL for no claim.
   * NULL altogether where nothing is claimed. Separated by commas; a plugin's facts decide each:
   *   always           by the idiom itself, whatever is switched on
   *   libstdc++        _GLIBCXX_ASSERTIONS is on
   *   libc++           _LIBCPP_HARDENING_MODE is fast, extensive or debug
   *   assertions       one of these two
   *   fortify          _FORTIFY_SOURCE is above 0
   *   overflow-checks  Rust checks integer arithmetic
   *   sampled          by chance, now and then: the share of processes is measured */
  const char* const* claims;
  /* The ratio to the first raw variant that this one has by construction: 1 for an A/A copy, another one
   * above 0 for a calibration; 0 where the ratio is what is asked. */
  double planted;
  /* One per fault: why the idiom has no way to write the faulty program, or NULL. NULL altogether
   * where every fault can be written. */
  const char* const* inexpressible;
  /* What it does where that is not what the case's first raw variant does ("branchless", "arena"):
   * [a-z][a-z0-9_]*, the same for all variants that do it; NULL for the case's own algorithm. */
  const char* algorithm;
  uint32_t flags;  /* SAFECOST_VARIANT_* */
  uint32_t origin; /* SAFECOST_ORIGIN_*; calibrations and gaps state none */
  /* The work of `run`, each of its operations timed and noted in the plugin's recorders; no ratio is made of it. NULL
   * where the latency of an operation is not asked. */
  safecost_kernel latency;
} safecost_variant;

/* Errors that ended a call at the border: an exception or a panic, caught there. */
typedef struct safecost_report {
  uint32_t struct_size;
  uint32_t stop;  /* SAFECOST_STOP_*, 0 for none since the reader last cleared it */
  uint64_t count; /* how many since then */
  char text[160];
} safecost_report;

enum {
  SAFECOST_CASE_SYSTEM_BOUND = 1u << 0, /* most of a call is spent in the kernel of the system */
  SAFECOST_CASE_FIXED_COST = 1u << 1,   /* a call costs the same whatever its size is */
  SAFECOST_CASE_STRAIGHT =
      1u << 2 /* which instructions a call executes does not depend on what its input holds */
};

typedef struct safecost_plugin {
  uint32_t abi_version; /* first, for ever */
  uint32_t struct_size;
  const char* name;         /* "family/case" */
  const char* language;     /* "c++" or "rust" */
  const char* input_layout; /* offsets, sizes and kinds of the input struct's fields, spelled out */
  uint32_t flags;
  uint32_t minimum_size; /* the smallest size the task is defined for */
  uint32_t fact_count;
  uint32_t parameter_count;
  uint32_t variant_count;
  uint32_t fault_count;
  const safecost_fact* facts;
  const safecost_parameter* parameters;
  const safecost_variant* variants;
  const safecost_fault* faults; /* a twin names those that its variants have something to say of */
  safecost_report* report;
  /* The prover sets it before it calls a fault kernel: place and magnitude of the wrong step follow from it. */
  uint64_t* draw;
  safecost_workers* workers;
  safecost_latencies* latencies;
  /* NULL in a twin: it is given the inputs of the C++ plugin. */
  const safecost_pool* (*generate)(const safecost_request* request);
  void (*release)(const safecost_pool* pool);
} safecost_plugin;

/* The one exported symbol. */
const safecost_plugin* safecost_plugin_entry(void);

#ifdef __cplusplus
}
#endif

#endif
