"""The ways whose compile time is compared: those of the cases in bench/macros, as sources with any number of uses.

What is declared before the first use is what a header would hold: functions that the cases have out of line are
declared and not defined. Texts differ from use to use, as messages do, and so do numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safecost.document.values import Language

_A_FUNCTION = 10  # uses in one function: as few as there may be in a program, and no more functions than uses


@dataclass(frozen=True, slots=True)
class CompiledWay:
    """One way to write a task, and its source with so many uses; the first way of a task is C's, or Rust's macro."""

    task: str
    name: str
    language: Language
    what: str
    source: Callable[[int], str]

    @property
    def label(self) -> str:
        """`task/name`, as options and tables have it; Rust's ways begin with `rust_`."""
        return f"{self.task}/{self.name}"


def ways() -> tuple[CompiledWay, ...]:
    """Every way, task by task."""
    return (*_variadic(), *_macro_function(), *_generated_table())


def _in_functions(before: str, head: str, use: Callable[[int], str], uses: int) -> str:
    """Uses as statements of functions, whose head names the parameters."""
    lines = [before]
    for first in range(0, uses, _A_FUNCTION):
        lines += [f"{head.format(first)} {{", *(use(i) for i in range(first, min(first + _A_FUNCTION, uses))), "}"]
    return "\n".join(lines) + "\n"


def _statements(
    task: str, head: str, language: Language, name: str, what: str, before: Sequence[str], use: Callable[[int], str]
) -> CompiledWay:
    text = "\n".join(before)
    return CompiledWay(task, name, language, what, lambda uses: _in_functions(text, head, use, uses))


# ---- variadic: a line of a log ---------------------------------------------------------------------------------------


def _variadic() -> list[CompiledWay]:
    text = "const char* name"
    view = "std::string_view name"

    def cxx(
        name: str, what: str, before: Sequence[str], use: Callable[[int], str], parameter: str = view
    ) -> CompiledWay:
        head = f"void use_{{}}(Log* log, unsigned id, {parameter}, long value)"
        return _statements("variadic", head, "c++", name, what, ["struct Log;", *before], use)

    def printed(i: int) -> str:
        return f'  put_line(log, "[%u] %s: %ld bytes, {i}\\n", id + {i}, name, value);'

    pieces = [
        "void put_text(Log* log, const char* text, unsigned long length);",
        "void put_unsigned(Log* log, unsigned long number);",
        "void put_signed(Log* log, long number);",
    ]
    overloads = [
        "inline void put_piece(Log* log, std::string_view text) { put_text(log, text.data(), text.size()); }",
        "inline void put_piece(Log* log, unsigned number) { put_unsigned(log, number); }",
        "inline void put_piece(Log* log, long number) { put_signed(log, number); }",
        "inline void put_piece(Log* log, bool answer) { put_unsigned(log, answer); }",
        "template <class... Pieces> void put(Log* log, const Pieces&... pieces) { (put_piece(log, pieces), ...); }",
    ]
    kinds = ("id", "value", "name", "value > 0")

    def listed(i: int) -> str:
        """Five arguments whose types no other use of a thousand has in this order."""
        return f"  put(log, {', '.join(kinds[i // 4**place % 4] for place in range(5))});"

    def placed(i: int) -> str:
        return f'"[{{}}] {{}}: {{}} bytes, {i}\\n"'

    return [
        cxx("varargs", "a function of any number of arguments, and a format",
            ["void put_line(Log* log, const char* format, ...);"], printed, text),
        cxx("varargs_attribute", "the same, its format held against its arguments by the attribute `format`",
            ["[[gnu::format(printf, 2, 3)]] void put_line(Log* log, const char* format, ...);"], printed, text),
        cxx("varargs_counted", "the same, its arguments counted by the preprocessor",
            ["#define COUNT_OF(...) COUNT_OF_EIGHT(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)",
             "#define COUNT_OF_EIGHT(a, b, c, d, e, f, g, h, count, ...) count",
             "#define put_line(log, ...) put_counted(log, COUNT_OF(__VA_ARGS__) - 1, __VA_ARGS__)",
             "int put_counted(Log* log, unsigned count, const char* format, ...);"], printed, text),
        cxx("pieces", "a call for each piece, written out", ["#include <string_view>", *pieces],
            lambda i: f'  put_text(log, "[", 1); put_unsigned(log, id + {i}); put_text(log, "] ", 2);'
            f' put_text(log, name.data(), name.size()); put_text(log, ": ", 2); put_signed(log, value);'
            f' put_text(log, " bytes, {i}\\n", {len(str(i)) + 9});'),
        cxx("pack", "a parameter pack, with few lists of types", ["#include <string_view>", *pieces, *overloads],
            lambda i: f'  put(log, "[", id + {i}, "] ", name, ": ", value, " bytes, {i}\\n");'),
        cxx("pack_each_list", "a parameter pack, each use with a list of types of its own",
            ["#include <string_view>", *pieces, *overloads], listed),
        cxx("variant_list", "an initializer_list of variants",
            ["#include <initializer_list>", "#include <string_view>", "#include <variant>",
             "using Argument = std::variant<unsigned, long, std::string_view>;",
             "void put_line(Log* log, std::string_view format, std::initializer_list<Argument> arguments);"],
            lambda i: f'  put_line(log, "[%u] %s: %ld bytes, {i}\\n", {{id + {i}, name, value}});'),
        cxx("str_append", "absl::StrAppend", ["#include <string_view>", '#include "absl/strings/str_cat.h"',
             "std::string* text_of(Log* log);"],
            lambda i: f'  absl::StrAppend(text_of(log), "[", id + {i}, "] ", name, ": ", value, " bytes, {i}\\n");'),
        cxx("fmt", "fmt's format, held against the arguments when it is compiled",
            ["#include <fmt/core.h>", "#include <string_view>",
             "void put_all(Log* log, fmt::string_view format, fmt::format_args arguments);",
             "template <class... T> void put(Log* log, fmt::format_string<T...> format, T&&... arguments) {",
             "  put_all(log, format, fmt::make_format_args(arguments...));", "}"],
            lambda i: f"  put(log, {placed(i)}, id + {i}, name, value);"),
        cxx("fmt_compile", "fmt's format, compiled into code",
            ["#include <fmt/compile.h>", "#include <string_view>", "char* rest_of(Log* log);"],
            lambda i: f"  fmt::format_to_n(rest_of(log), 80, FMT_COMPILE({placed(i)}), id + {i}, name, value);"),
        cxx("std_format", "std's format, held against the arguments when it is compiled",
            ["#include <format>", "#include <string_view>",
             "void put_all(Log* log, std::string_view format, std::format_args arguments);",
             "template <class... T> void put(Log* log, std::format_string<T...> format, T&&... arguments) {",
             "  put_all(log, format.get(), std::make_format_args(arguments...));", "}"],
            lambda i: f"  put(log, {placed(i)}, id + {i}, name, value);"),
        *_rust_variadic(),
    ]  # fmt: skip


def _rust_variadic() -> list[CompiledWay]:
    log = [
        "pub struct Log { pub text: Vec<u8> }",
        "impl Log {",
        "    #[inline(never)]",
        "    pub fn put_bytes(&mut self, bytes: &[u8]) { self.text.extend_from_slice(bytes); }",
        "    #[inline(never)]",
        "    pub fn put_number(&mut self, number: i64) { self.text.push(number as u8); }",
        "}",
    ]
    pieces = [
        "trait Piece { fn put_into(self, log: &mut Log); }",
        "impl Piece for &str { fn put_into(self, log: &mut Log) { log.put_bytes(self.as_bytes()) } }",
        "impl Piece for u32 { fn put_into(self, log: &mut Log) { log.put_number(i64::from(self)) } }",
        "impl Piece for i64 { fn put_into(self, log: &mut Log) { log.put_number(self) } }",
        "macro_rules! put {",
        "    ($log:expr, $($piece:expr),+) => {{ let log: &mut Log = $log; $($piece.put_into(log);)+ }};",
        "}",
    ]
    argument = [
        "pub enum Argument<'a> { Unsigned(u32), Signed(i64), Text(&'a str) }",
        "#[inline(never)]",
        "pub fn put_line(log: &mut Log, format: &str, arguments: &[Argument]) {",
        "    log.put_bytes(format.as_bytes());",
        "    log.put_number(arguments.len() as i64);",
        "}",
    ]

    def rust(
        name: str, what: str, before: Sequence[str], use: Callable[[int], str], parameter: str = "log: &mut Log"
    ) -> CompiledWay:
        head = f"pub fn use_{{}}({parameter}, id: u32, name: &str, value: i64)"
        return _statements("variadic", head, "rust", name, what, before, use)

    return [
        rust("rust_macro", "macro_rules!, a call for each piece", [*log, *pieces],
             lambda i: f'    put!(log, "[", id + {i}, "] ", name, ": ", value, " bytes, {i}\\n");'),
        rust("rust_enum_slice", "a slice of enums", [*log, *argument],
             lambda i: f'    put_line(log, "[%u] %s: %ld bytes, {i}\\n", &[Argument::Unsigned(id + {i}),'
             " Argument::Text(name), Argument::Signed(value)]);"),
        rust("rust_write", "writeln!, whose format is held against its arguments",
             ["use std::fmt::Write as _;"],
             lambda i: f'    let _ = writeln!(log, "[{{}}] {{}}: {{}} bytes, {i}", id + {i}, name, value);',
             "log: &mut String"),
    ]  # fmt: skip


# ---- macro_function: the lesser of two, and an exchange --------------------------------------------------------------


def _macro_function() -> list[CompiledWay]:
    def cxx(name: str, what: str, before: Sequence[str], swap: str, lesser: str) -> CompiledWay:
        return _statements(
            "macro_function", "void use_{}(unsigned long a, unsigned long b, unsigned long c)", "c++", name, what,
            ["void sink(unsigned long);", *before],
            lambda i: f"  {{ unsigned long from = a + {i}, to = b; if (to < from) {swap}; sink({lesser}); }}",
        )  # fmt: skip

    def rust(name: str, what: str, before: Sequence[str], lesser: str) -> CompiledWay:
        return _statements(
            "macro_function", "pub fn use_{}(a: u64, b: u64, c: u64)", "rust", name, what,
            ["extern \"C\" { fn sink(value: u64); }", *before],
            lambda i: f"    {{ let (mut from, mut to) = (a.wrapping_add({i}), b); if to < from {{"
            f" std::mem::swap(&mut from, &mut to); }} unsafe {{ sink({lesser}); }} }}",
        )  # fmt: skip

    return [
        cxx("macro", "macros, SWAP with a type",
            ["#define MIN(a, b) ((a) < (b) ? (a) : (b))",
             "#define SWAP(type, a, b) do { const type kept = (a); (a) = (b); (b) = kept; } while (0)"],
            "SWAP(unsigned long, from, to)", "MIN(to - from, c)"),
        cxx("macro_typeof", "macros that evaluate once and take types from their arguments",
            ["#define MIN(a, b) __extension__({ const __typeof__(a) first_ = (a);"
             " const __typeof__(b) second_ = (b); first_ < second_ ? first_ : second_; })",
             "#define SWAP(a, b) do { const __typeof__(a) kept_ = a; (a) = (b); (b) = kept_; } while (0)"],
            "SWAP(from, to)", "MIN(to - from, c)"),
        cxx("own_template", "templates of one's own, without a header",
            ["template <class T> constexpr T min_of(T a, T b) { return a < b ? a : b; }",
             "template <class T> constexpr void swap_of(T& a, T& b) { const T kept = a; a = b; b = kept; }"],
            "swap_of(from, to)", "min_of(to - from, c)"),
        cxx("std_functions", "std::min and std::swap", ["#include <algorithm>", "#include <utility>"],
            "std::swap(from, to)", "std::min(to - from, c)"),
        rust("rust_macro", "macro_rules! that evaluates once",
             ["macro_rules! min_of { ($a:expr, $b:expr) => {{ let (a, b) = ($a, $b); if a < b { a } else { b } }}; }"],
             "min_of!(to - from, c)"),
        rust("rust_function", "std::cmp::min", [], "std::cmp::min(to - from, c)"),
    ]  # fmt: skip


# ---- generated_table: an entry of a table ----------------------------------------------------------------------------

# A use is an entry. Without any there is one, since no array is empty.


def _codes(uses: int, form: str) -> list[str]:
    return [form.format(i=i, cost=1 + i * 7 % 97) for i in range(uses + 1)]


def _generated_table() -> list[CompiledWay]:
    looked_up = "unsigned weight_of(unsigned short code) { return costs[code] + (unsigned char)names[code][0]; }"
    enumeration = "enum class Code : unsigned short {"
    entry = [
        "#include <array>",
        "#include <string_view>",
        "#include <utility>",
        "struct Entry { std::string_view name; unsigned cost; };",
        "template <class Index, class Element, std::size_t count>",
        "struct EnumeratedArray {",
        "  std::array<Element, count> elements;",
        "  constexpr const Element& operator[](Index index) const { return elements[std::to_underlying(index)]; }",
        "};",
    ]

    def of(language: Language, name: str, what: str, lines: Callable[[int], Sequence[str]]) -> CompiledWay:
        return CompiledWay("generated_table", name, language, what, lambda uses: "\n".join(lines(uses)) + "\n")

    def arrays(uses: int) -> list[str]:
        return [
            "enum Code : unsigned short {", *_codes(uses, "code_{i},"), "};",
            "const char* const names[] = {", *_codes(uses, '"code_{i}",'), "};",
            "const unsigned costs[] = {", *_codes(uses, "{cost},"), "};", looked_up,
        ]  # fmt: skip

    def x_macro(uses: int) -> list[str]:
        return [
            "#define CODES(X) \\", *_codes(uses, "  X(code_{i}, {cost}) \\"), "",
            "#define NAME(name, cost) name,", "enum Code : unsigned short { CODES(NAME) };",
            "#define TEXT(name, cost) #name,", "const char* const names[] = { CODES(TEXT) };",
            "#define COST(name, cost) cost,", "const unsigned costs[] = { CODES(COST) };", looked_up,
        ]  # fmt: skip

    def enumerated(uses: int) -> list[str]:
        return [
            *entry, enumeration, *_codes(uses, "  code_{i},"), "  count", "};",
            "constexpr EnumeratedArray<Code, Entry, std::to_underlying(Code::count)> entries{std::to_array<Entry>({",
            *_codes(uses, '  {{"code_{i}", {cost}}},'), "})};",
            "unsigned weight_of(Code code) { return entries[code].cost + entries[code].name.front(); }",
        ]  # fmt: skip

    def derived(uses: int) -> list[str]:
        return [
            *enumerated(uses)[:-1],
            "constexpr auto weights = [] {",
            "  std::array<unsigned, std::to_underlying(Code::count)> all;",
            "  for (std::size_t i = 0; i < all.size(); ++i) {",
            "    const Entry& entry = entries[static_cast<Code>(i)];",
            "    all[i] = entry.cost + entry.name.front();", "  }", "  return all;", "}();",
            "unsigned weight_of(Code code) { return weights[std::to_underlying(code)]; }",
        ]  # fmt: skip

    def switch(uses: int) -> list[str]:
        return [
            enumeration, *_codes(uses, "  code_{i},"), "};",
            "const char* name_of(Code code) {", "  switch (code) {",
            *_codes(uses, '    case Code::code_{i}: return "code_{i}";'), "  }", "  return nullptr;", "}",
            "unsigned cost_of(Code code) {", "  switch (code) {",
            *_codes(uses, "    case Code::code_{i}: return {cost};"), "  }", "  return 0;", "}",
            "unsigned weight_of(Code code) { return cost_of(code) + (unsigned char)name_of(code)[0]; }",
        ]  # fmt: skip

    def rust_macro(uses: int) -> list[str]:
        return [
            "macro_rules! codes { ($($code:ident $cost:literal;)+) => {",
            "    #[repr(u16)]", "    #[allow(non_camel_case_types)]", "    #[derive(Clone, Copy)]",
            "    pub enum Code { $($code),+ }",
            "    const COUNT: usize = [$(stringify!($code)),+].len();",
            "    static NAMES: [&str; COUNT] = [$(stringify!($code)),+];",
            "    static COSTS: [u32; COUNT] = [$($cost),+];", "} }",
            "codes! {", *_codes(uses, "    code_{i} {cost};"), "}",
            "pub fn weight_of(code: Code) -> u32 {",
            "    COSTS[code as usize] + u32::from(NAMES[code as usize].as_bytes()[0])", "}",
        ]  # fmt: skip

    def rust_match(uses: int) -> list[str]:
        return [
            "macro_rules! codes { ($($code:ident $cost:literal;)+) => {",
            "    #[repr(u16)]", "    #[allow(non_camel_case_types)]", "    #[derive(Clone, Copy)]",
            "    pub enum Code { $($code),+ }",
            "    pub fn name_of(code: Code) -> &'static str { match code { $(Code::$code => stringify!($code)),+ } }",
            "    pub fn cost_of(code: Code) -> u32 { match code { $(Code::$code => $cost),+ } }", "} }",
            "codes! {", *_codes(uses, "    code_{i} {cost};"), "}",
            "pub fn weight_of(code: Code) -> u32 {",
            "    cost_of(code) + u32::from(name_of(code).as_bytes()[0])", "}",
        ]  # fmt: skip

    return [
        of("c++", "arrays", "an enumeration and two arrays by hand", arrays),
        of("c++", "x_macro", "the same made of one list by a macro", x_macro),
        of("c++", "enumerated_array", "a constexpr array that its enumeration indexes", enumerated),
        of("c++", "constexpr_derived", "the same, and another array that is reckoned from it", derived),
        of("c++", "enum_switch", "an enum class and two switches", switch),
        of("rust", "rust_macro", "an enum and two arrays made by macro_rules!", rust_macro),
        of("rust", "rust_match", "an enum and two matches made by macro_rules!", rust_match),
    ]
