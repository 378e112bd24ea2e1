"""Tests of profiles: those of the suite, and what is given on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.suite import profiles
from safecost.testing.refusals import one_sentence


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ad-hoc profiles are written to a build folder of the test's own."""
    monkeypatch.setattr(profiles, "BUILD", tmp_path)
    return tmp_path


def put(folder: Path, name: str, **entries: object) -> None:
    written = {"summary": name, "flags": [], **entries}
    (folder / f"{name}.json").write_text(json.dumps(written), encoding="utf-8")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of profiles in the suite's place."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    monkeypatch.setattr(profiles, "FOLDER", folder)
    base = {"language": "c++", "compiler": "gcc", "library": "libstdc++", "default": True}
    put(folder, "plain", **base, flags=[["-O2", "speed"], ["-fno-plt", "calls"]])
    put(folder, "checked", plain="plain", flags=[["-D_GLIBCXX_ASSERTIONS", "checks"]], default=True, quick=True)
    put(folder, "again", plain="plain")
    put(folder, "twin", language="rust", compiler="rustc", library="std", against="plain")
    put(folder, "checked_twin", plain="twin", flags=[["-Coverflow-checks=on", "checks"]])
    return folder


def test_a_profile_adds_its_flags_to_those_of_its_plain_sibling(own: Path) -> None:
    checked = profiles.shipped()["checked"]
    assert [flag for flag, _ in checked.flags] == ["-O2", "-fno-plt", "-D_GLIBCXX_ASSERTIONS"]
    assert (checked.plain, checked.language, checked.library, checked.own_flags) == ("plain", "c++", "libstdc++", 1)
    assert checked.file == own / "checked.json"
    assert checked.needs == ("plain",)


@pytest.mark.usefixtures("own")
def test_a_profile_without_flags_of_its_own_is_a_null() -> None:
    assert {name for name, profile in profiles.shipped().items() if profile.is_rebuild} == {"again"}


@pytest.mark.usefixtures("own")
def test_choosing() -> None:
    def names(chosen: str | None, *given: str) -> list[str]:
        return [profile.name for profile in profiles.choose(chosen, given)]

    assert names(None) == ["plain", "checked"]
    assert names("all") == ["plain", "again", "checked", "twin", "checked_twin"]
    assert names("again, plain,again") == ["again", "plain"]
    assert names("again,default") == ["again", "plain", "checked"]
    assert names("quick") == ["checked"]
    assert [profile.name for profile in profiles.choose(None, (), "quick")] == ["checked"]
    assert names(None, "mine: g++") == ["mine"]
    assert names("plain", "mine: g++") == ["plain", "mine"]


def test_a_quick_run_has_both_compilers_a_hardened_sibling_each_and_rust() -> None:
    quick = profiles.choose("quick", ())
    assert {profile.name for profile in quick} == {
        "gcc-o2",
        "gcc-o2-assertions",
        "clang-o2",
        "clang-o2-assertions",
        "rust",
    }
    assert {profile.name for profile in quick} <= {profile.name for profile in profiles.choose("default", ())}


def test_a_trained_profile_has_all_but_its_training_from_the_one_that_it_trains(own: Path) -> None:
    put(own, "fast", trained="plain")
    put(own, "fast_checked", trained="checked", plain="fast")
    known = profiles.shipped()
    fast, checked = known["fast"], known["fast_checked"]
    assert (fast.trained, fast.plain, fast.compiler, fast.library) == ("plain", "fast", "gcc", "libstdc++")
    assert [flag for flag, _ in fast.flags] == ["-O2", "-fno-plt", "-fprofile-use"]
    # What it adds to its plain sibling stands last, as of every hardened profile.
    assert (checked.trained, checked.plain, checked.own_flags) == ("checked", "fast", 1)
    assert checked.flags == (*fast.flags, ("-D_GLIBCXX_ASSERTIONS", "checks"))
    assert not (fast.by_default or fast.when_quick or fast.is_rebuild or checked.is_rebuild)
    assert [profile.name for profile in profiles.choose("trained", ())] == ["fast", "fast_checked"]
    with pytest.raises(UsageError, match="builds on fast, which is trained"):
        profiles.ad_hoc("mine: fast + -fstack-protector")
    with pytest.raises(UsageError, match="builds on fast, which is trained"):
        profiles.ad_hoc("mine: fast @ g++-14")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"trained": "gone"}, "profile gone does not exist"),
        ({"trained": "bad"}, "profile bad trains bad"),
        ({"trained": "again"}, "profile bad trains again, which is trained itself, built a second time, or not in C"),
        ({"trained": "twin"}, "profile bad trains twin, which is trained itself, built a second time, or not in C"),
        ({"trained": "fast"}, "profile bad trains fast, which is trained itself"),
        ({"trained": "plain", "flags": [["-O3", "more"]]}, "profile bad trains plain, and has all else from it: leave"),
        ({"trained": "plain", "compiler": "clang"}, "profile bad trains plain, and has all else from it: leave"),
        ({"trained": "checked"}, "profile bad trains checked: name as plain the profile that trains plain[.]"),
        ({"trained": "checked", "plain": "plain"}, "profile bad trains checked: name as plain the profile that trains"),
    ],
)
def test_a_trained_profile_that_is_more_than_that_is_refused(
    own: Path, entries: dict[str, object], sentence: str
) -> None:
    put(own, "fast", trained="plain")
    put(own, "bad", **entries)
    with pytest.raises(UsageError, match=sentence) as caught:
        profiles.shipped()
    one_sentence(str(caught.value))


@pytest.mark.usefixtures("own")
def test_siblings_are_built_too() -> None:
    chosen = profiles.choose("checked,again", ())
    assert [profile.name for profile in profiles.with_siblings(chosen)] == ["checked", "again", "plain"]
    chosen = profiles.choose("checked_twin", ())
    assert [profile.name for profile in profiles.with_siblings(chosen)] == ["checked_twin", "twin", "plain"]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ("{", "profile bad is cut off at column 2"),
        ("[]", "profile bad: the file is a list with 0 entries, and must be an object"),
        ('{"summary": "", "flags": []}', "profile bad lacks its language, compiler or library, and names no plain"),
        ('{"summary": "", "plain": "plain"}', 'profile bad: the file lacks "flags"'),
        ('{"summary": "", "flags": ["-O2"], "plain": "plain"}', 'profile bad: flags.0. is "-O2", and must be a list'),
        ('{"summary": "", "flags": null}', "profile bad: flags is null, and must be a list"),
        (
            '{"summary": "", "flags": [], "plain": "../../x"}',
            'profile bad: plain is "../../x", and must be a text that',
        ),
        ('{"summary": "", "flags": [], "plain": null}', "profile bad: plain is null"),
        ('{"summary": "\\u001b[31m", "flags": []}', r"profile bad: summary holds the control character U\+001B"),
        ('{"summary": "", "flags": [], "flags": []}', 'profile bad has the key "flags" twice'),
        ('{"summary": "", "flags": [], "defualt": true}', 'profile bad: the file has the unknown entry "defualt"'),
        ("[" * 100_000, "profile bad is nested too deeply"),
        (
            '{"summary": "", "flags": [], "plain": "gone"}',
            "profile gone does not exist: give gone.json beside the",
        ),
        ('{"summary": "", "flags": [], "plain": "checked"}', "profile bad builds on checked, which is not plain"),
        ('{"summary": "", "flags": [], "plain": "bad"}', "profile bad builds on bad, which is not plain"),
    ],
)
def test_a_broken_profile_is_named(own: Path, entries: str, sentence: str) -> None:
    (own / "bad.json").write_text(entries, encoding="utf-8")
    with pytest.raises(UsageError, match=sentence) as caught:
        profiles.shipped()
    one_sentence(str(caught.value))


@pytest.mark.parametrize(
    "flag",
    [
        "-Os", "-O3", "-march=native", "-mtune=generic", "-std=c++23", "-ffast-math", "-fno-fast-math", "-flto", "-lm",
        "-Wl,-lmimalloc", "-DNDEBUG", "-D_GLIBCXX_ASSERTIONS -O3", "-U_GLIBCXX_ASSERTIONS", "-fno-stack-protector",
        "-fcf-protection=full -g", "-Wl,-z,now,-O1", "-Copt-level=3", "-Coverflow-checks=off", "-Ctarget-cpu=native",
    ],
)  # fmt: skip
def test_a_sibling_that_does_more_than_harden_is_refused(own: Path, flag: str) -> None:
    put(own, "small", plain="plain", flags=[["-D_GLIBCXX_ASSERTIONS", "checks"], [flag, "more"]])
    with pytest.raises(UsageError, match=rf"profile small adds {re.escape(flag)} to its plain sibling, .* give it to"):
        profiles.shipped()


def test_an_ad_hoc_profile_is_its_own_plain_sibling(elsewhere: Path) -> None:
    mine = profiles.ad_hoc("mine: g++-14 -O3  -march=x86-64-v3")
    assert (mine.name, mine.plain, mine.against, mine.needs) == ("mine", "mine", None, ())
    assert [flag for flag, _ in mine.flags] == ["-O3", "-march=x86-64-v3"]
    written = json.loads((elsewhere / "profiles-ad-hoc" / "mine.json").read_text(encoding="utf-8"))
    assert (written["compiler"], written["language"], written["library"]) == ("g++-14", "c++", "libstdc++")


@pytest.mark.usefixtures("own")
def test_an_ad_hoc_profile_may_harden_one_of_the_suite(elsewhere: Path) -> None:
    mine = profiles.ad_hoc("zeroinit: plain + -ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=3")
    assert (mine.name, mine.plain, mine.needs, mine.own_flags) == ("zeroinit", "plain", ("plain",), 2)
    assert not mine.is_rebuild
    assert (mine.language, mine.compiler, mine.library, mine.against) == ("c++", "gcc", "libstdc++", None)
    flags = ["-O2", "-fno-plt", "-ftrivial-auto-var-init=zero", "-D_FORTIFY_SOURCE=3"]
    assert [flag for flag, _ in mine.flags] == flags
    assert mine.summary == "given on the command line: plain + -ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=3"
    # The build reads the file alone.
    written = json.loads((elsewhere / "profiles-ad-hoc" / "zeroinit.json").read_text(encoding="utf-8"))
    assert "plain" not in written and [flag for flag, _ in written["flags"]] == flags
    twin = profiles.ad_hoc("checked_too: twin + -Coverflow-checks=on")
    assert (twin.language, twin.plain, twin.against) == ("rust", "twin", "plain")


@pytest.mark.usefixtures("own")
def test_an_ad_hoc_profile_may_be_one_of_the_suite_by_another_compiler(elsewhere: Path) -> None:
    mine = profiles.ad_hoc("trunk: checked @ /srv/acme-secret/bin/g++ -nostdinc++ -isystem /srv/acme-secret/include")
    assert (mine.name, mine.plain, mine.own_flags, mine.is_rebuild) == ("trunk", "trunk-plain", 1, False)
    assert (mine.language, mine.compiler, mine.library) == ("c++", "/srv/acme-secret/bin/g++", "libstdc++")
    given = ["-nostdinc++", "-isystem", "…"]
    assert [flag for flag, _ in mine.flags] == [*given, "-O2", "-fno-plt", "-D_GLIBCXX_ASSERTIONS"]
    assert mine.summary == f"given on the command line: checked @ g++ {' '.join(given)}"
    written = json.loads((elsewhere / "profiles-ad-hoc" / "trunk.json").read_text(encoding="utf-8"))
    assert written["flags"][2] == ["/srv/acme-secret/include", "given on the command line"]  # what is built
    _, plain = profiles.with_siblings([mine])  # built too, by the same compiler
    assert (plain.name, plain.plain, plain.compiler) == ("trunk-plain", "trunk-plain", mine.compiler)
    assert plain.flags == mine.flags[:-1]
    assert profiles.ad_hoc("older: twin @ rustc-1.90").against == "plain"
    with pytest.raises(UsageError, match="is the name of its plain sibling: choose a shorter or another one"):
        profiles.ad_hoc(f"{'a' * 60}: checked @ g++")
    assert [profile.name for profile in profiles.choose(None, ["old: plain @ g++-12"])] == ["old"]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (
            "gone @ g++",
            "'mine' builds \"gone\" with another compiler, which is no profile: choose from plain, again,",
        ),
        ("plain -O3 @ g++", "'mine' builds \"plain -O3\" with another compiler, which is no profile"),
        ("@ g++", "'mine' builds \"\" with another compiler, which is no profile"),
        ("plain @", "'mine' names no compiler: give its command or path behind the '@'[.]"),
        ("plain @ -O3", "'mine' names no compiler"),
        ("plain @ g++ -O3", "'mine' adds -O3 to plain, and this says not where a library is"),
        ("plain @ g++ -isystem include", "'mine' adds include to plain, and this says not .* .by an absolute path."),
    ],
)
def test_an_ad_hoc_profile_by_no_compiler_is_refused(command: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        profiles.ad_hoc(f"mine: {command}")
    one_sentence(str(caught.value))


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (None, ["plain", "mine"]),
        ("again", ["again", "plain", "mine"]),
        ("plain,checked", ["plain", "checked", "mine"]),
        ("default", ["plain", "checked", "mine"]),
    ],
)
def test_what_an_ad_hoc_profile_hardens_is_measured_too(names: str | None, chosen: list[str]) -> None:
    found = profiles.choose(names, ["mine: plain + -fstack-protector"])
    assert [profile.name for profile in found] == chosen
    assert [profile.name for profile in profiles.with_siblings(found)] == chosen


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("gone + -fhardened", "'mine' adds flags to \"gone\", which is no profile: choose from plain, twin[.]"),
        ("g++ -O2 + -fhardened", "'mine' adds flags to \"g.. -O2\", which is no profile: choose from"),
        ("+ -fhardened", "'mine' adds flags to \"\", which is no profile"),
        ("+", "'mine' adds flags to \"\", which is no profile"),
        ("plain +", "'mine' adds no flags to plain: give them behind the"),
        ("checked + -fhardened", "'mine' adds flags to checked, which is hardened itself: add them to plain"),
        ("plain + -O3", "profile mine adds -O3 to its plain sibling, and this is no flag that hardens"),
        ("plain + -fhardened + -O3", "profile mine adds [+] to its plain sibling"),
    ],
)
def test_an_ad_hoc_profile_that_hardens_nothing_is_refused(command: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        profiles.ad_hoc(f"mine: {command}")
    one_sentence(str(caught.value))


def test_what_an_ad_hoc_profile_gives_away_is_little_and_reported(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "mine: g++ -O2 -I/srv/acme-secret/inc -DTOKEN=hunter2 -D_FORTIFY_SOURCE=3 -DNDEBUG"
    (mine,) = profiles.choose(None, [text])
    published = ["-O2", "-I…", "-DTOKEN=…", "-D_FORTIFY_SOURCE=3", "-DNDEBUG"]
    assert [flag for flag, _ in mine.flags] == published
    assert mine.summary == f"given on the command line: g++ {' '.join(published)}"
    assert capsys.readouterr().err == f"note: documents will say of the profile mine: {mine.summary}\n"
    written = json.loads((elsewhere / "profiles-ad-hoc" / "mine.json").read_text(encoding="utf-8"))
    assert ["-DTOKEN=hunter2", "given on the command line"] in written["flags"]  # what is built


@pytest.mark.parametrize(
    ("command", "language", "library", "against"),
    [
        ("clang++ -stdlib=libc++", "c++", "libc++", None),
        ("/opt/rust/rustc -O", "rust", "std", "clang-o2"),
        ("/opt/gcc/bin/g++ -O2", "c++", "libstdc++", None),
    ],
)
def test_an_ad_hoc_profile_guesses_language_and_library(
    command: str, language: str, library: str, against: str | None
) -> None:
    mine = profiles.ad_hoc(f"mine: {command}")
    assert (mine.language, mine.library, mine.against) == (language, library, against)
    assert "/opt" not in mine.summary


def test_an_ad_hoc_profile_is_rewritten_only_when_it_changes(elsewhere: Path) -> None:
    file = elsewhere / "profiles-ad-hoc" / "mine.json"
    profiles.ad_hoc("mine: g++ -O2")
    before = file.stat().st_mtime_ns
    profiles.ad_hoc("mine: g++ -O2")
    assert file.stat().st_mtime_ns == before  # a newer file would build everything again
    profiles.ad_hoc("mine: g++ -O3")
    assert "-O3" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "Mine", "a/b", "../up", "a..b", "1st", "a b", "a" * 65, "a\nb", "a\0"])
def test_a_name_that_no_document_takes_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not of the form"):
        profiles.ad_hoc(f"{name}: g++")


@pytest.mark.parametrize("flag", ["'-Da=b c'", "'-Da=\"b\"'", "'-Da;b'", "'-D$HOME'", "'-Da`b`'", "'-Da\\b'"])
def test_a_flag_that_the_build_would_change_is_refused(flag: str) -> None:
    with pytest.raises(UsageError, match=r"cannot pass .* on"):
        profiles.ad_hoc(f"mine: g++ {flag}")


@pytest.mark.parametrize("name", sorted(profiles.shipped()))
def test_each_profile_of_the_suite_is_explained_and_consistent(name: str) -> None:
    known = profiles.shipped()
    profile = known[name]
    assert profile.summary and all(flag and why for flag, why in profile.flags)
    assert known[profile.plain].plain == profile.plain  # a plain sibling is plain itself
    assert profile.against is None or known[profile.against].language == "c++"
    assert profile.trained is None or not (profile.by_default or profile.when_quick)  # built twice, and run once more
    assert (profile.against is not None) == (profile.language == "rust")
