"""The programs and libraries of others that safecost uses: how each is found, what needs it, which package has it."""

from __future__ import annotations

from dataclasses import dataclass

from safecost.suite.profiles import shipped


@dataclass(frozen=True, slots=True)
class Tool:
    """A program to look for: the newest `command-N` or plain `command`, at least of version `floor`."""

    subject: str
    commands: tuple[str, ...]
    package: str
    needed_for: str
    required: bool = False
    floor: tuple[int, ...] = ()
    asks: tuple[str, ...] = ("--version",)


@dataclass(frozen=True, slots=True)
class Library:
    """A C++ library to look for by a header; `version` is what the preprocessor shall expand."""

    subject: str
    header: str
    package: str
    needed_for: str
    required: bool = False
    version: str = ""


TOOLS = (
    Tool("CMake", ("cmake",), "cmake", "every build", required=True, floor=(3, 25)),
    Tool("Ninja", ("ninja", "ninja-build"), "ninja-build", "every build", required=True),
    Tool("LLD", ("ld.lld",), "lld-N", "a layout of functions for each launch; without it they move together"),
    Tool("Valgrind", ("valgrind",), "valgrind", "exact instruction counts and the tests' memory check"),
    Tool("Git", ("git",), "git", "the commit in a run's facts"),
    Tool("GDB", ("gdb",), "gdb", "looking into a plugin that crashes"),
    Tool("clang-format", ("clang-format",), "clang-format-19", "the lint of the C++ sources"),
    Tool("clang-tidy", ("clang-tidy",), "clang-tidy-19", "the lint of the C++ sources"),
    Tool("ShellCheck", ("shellcheck",), "shellcheck", "the lint of the shell scripts"),
    Tool("LaTeX", ("pdflatex",), "texlive-latex-recommended", "the tests of tables for papers"),
    Tool("Chromium", ("chromium", "chromium-browser", "google-chrome"), "chromium", "the tests of the report"),
    Tool("ChromeDriver", ("chromedriver",), "chromium-driver", "the tests of the report"),
)
LIBRARIES = (
    Library("Google Benchmark", "benchmark/benchmark.h", "libbenchmark-dev", "the runner", required=True),
    Library("fmt", "fmt/core.h", "libfmt-dev", "the runner", required=True, version="FMT_VERSION"),
    Library(
        "nlohmann json",
        "nlohmann/json.hpp",
        "nlohmann-json3-dev",
        "the runner",
        required=True,
        version="NLOHMANN_JSON_VERSION_MAJOR.NLOHMANN_JSON_VERSION_MINOR.NLOHMANN_JSON_VERSION_PATCH",
    ),
    Library(
        "Abseil",
        "absl/base/config.h",
        "libabsl-dev",
        "the runner and the absl idioms",
        required=True,
        version="ABSL_LTS_RELEASE_VERSION.ABSL_LTS_RELEASE_PATCH_LEVEL",
    ),
    Library("GSL", "gsl/span", "libmsgsl-dev", "the gsl::span idiom"),
    Library("GoogleTest", "gtest/gtest.h", "libgtest-dev", "the tests of the runner"),
    Library("GoogleMock", "gmock/gmock.h", "libgmock-dev", "the tests of the runner"),
)


def profiles_of(compiler: str, library: str | None = None) -> str:
    """Name the profiles of one compiler (and library)."""
    every = sorted(shipped().values(), key=lambda one: one.name)
    names = [one.name for one in every if one.compiler == compiler and library in {None, one.library}]
    return "profiles " + ", ".join(names) if names else f"profiles of {compiler}"


def compilers() -> tuple[Tool, ...]:
    """List the compilers, with the profiles that need them; the floors are the first versions with C++23's expected."""
    return (
        Tool("GCC", ("g++",), "g++", profiles_of("gcc"), floor=(12,), asks=("-dumpfullversion", "-dumpversion")),
        Tool("Clang", ("clang++",), "clang-N", profiles_of("clang"), floor=(19,)),
        Tool("Rust", ("rustc",), "", profiles_of("rustc"), floor=(1, 82), asks=("-vV",)),
    )
