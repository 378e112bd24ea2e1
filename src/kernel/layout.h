// Spells out the memory layout of a plain C input struct, so that a twin that mirrors it wrongly is refused by name.
//
// An integer is i4 or u8 by sign and bytes, any one-byte character or number is b, a float f4 or f8,
// a pointer * and its target, a struct {offset:field,...}size. Boost.PFR takes aggregates apart as well, but every case
// would then need Boost, for the forty lines that plain C structs take.
#ifndef SAFECOST_KERNEL_LAYOUT_H
#define SAFECOST_KERNEL_LAYOUT_H

#include <cstddef>
#include <cstring>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace safecost {

namespace layout_detail {

struct Anything {
  template <class T>
  constexpr operator T() const;  // only ever named, to count the fields of an aggregate
};

template <class T, class... Fields>
consteval std::size_t field_count() {
  if constexpr (requires { T{Fields{}..., Anything{}}; }) {
    return field_count<T, Fields..., Anything>();
  } else {
    return sizeof...(Fields);
  }
}

template <class T>
auto fields(const T& object) {
  constexpr std::size_t count = field_count<T>();
  static_assert(count >= 1 && count <= 8, "an input struct has one to eight fields");
  if constexpr (count == 1) {
    const auto& [a] = object;
    return std::tie(a);
  } else if constexpr (count == 2) {
    const auto& [a, b] = object;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    const auto& [a, b, c] = object;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    const auto& [a, b, c, d] = object;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    const auto& [a, b, c, d, e] = object;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    const auto& [a, b, c, d, e, f] = object;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    const auto& [a, b, c, d, e, f, g] = object;
    return std::tie(a, b, c, d, e, f, g);
  } else {
    const auto& [a, b, c, d, e, f, g, h] = object;
    return std::tie(a, b, c, d, e, f, g, h);
  }
}

}  // namespace layout_detail

// The spelling so far.
class Layout {
 public:
  void text(const char* more);
  void number(std::size_t value);
  const std::string& spelled() const { return spelled_; }

 private:
  std::string spelled_;
};

template <class Qualified>
void spell_layout(Layout& layout) {
  using T = std::remove_cv_t<Qualified>;
  if constexpr (std::is_void_v<T>) {
    layout.text("void");
  } else if constexpr (std::is_pointer_v<T>) {
    layout.text("*");
    spell_layout<std::remove_pointer_t<T>>(layout);
  } else if constexpr (std::is_same_v<T, bool>) {
    layout.text("bool");
  } else if constexpr (std::is_enum_v<T>) {
    spell_layout<std::underlying_type_t<T>>(layout);
  } else if constexpr (std::is_integral_v<T> && sizeof(T) == 1) {
    layout.text("b");
  } else if constexpr (std::is_arithmetic_v<T>) {
    layout.text(std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u");
    layout.number(sizeof(T));
  } else {
    static_assert(std::is_standard_layout_v<T> && std::is_trivially_copyable_v<T>,
                  "an input is a plain C struct");
    const T object{};
    const char* separator = "{";
    const auto field = [&]<class Field>(const Field& member) {
      layout.text(std::exchange(separator, ","));
      layout.number(static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&member) -
                                             reinterpret_cast<const std::byte*>(&object)));
      layout.text(":");
      spell_layout<Field>(layout);
    };
    std::apply([&](const auto&... members) { (field(members), ...); },
               layout_detail::fields(object));
    layout.text("}");
    layout.number(sizeof(T));
  }
}

// Copies a plain struct field by field, so that what lies between its fields stays as it is at `to`.
template <class T>
void copy_fields(const T& from, std::byte* to) {
  if constexpr (std::is_class_v<T>) {
    const auto field = [&]<class Field>(const Field& member) {
      copy_fields(member, to + (reinterpret_cast<const std::byte*>(&member) -
                                reinterpret_cast<const std::byte*>(&from)));
    };
    std::apply([&](const auto&... members) { (field(members), ...); }, layout_detail::fields(from));
  } else {
    std::memcpy(to, &from, sizeof from);
  }
}

template <class T>
std::string layout_of() {
  Layout layout;
  spell_layout<T>(layout);
  return layout.spelled();
}

}  // namespace safecost

#endif
