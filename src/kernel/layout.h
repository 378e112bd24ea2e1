// Spells out the memory layout of a plain C input struct, so that a twin that mirrors it wrongly is refused by name.
//
// An integer is i4 or u8 by sign and bytes, any one-byte character or number is b, a float f4 or f8,
// a pointer * and its target, a struct {offset:field,...}size.
#ifndef SAFECOST_KERNEL_LAYOUT_H
#define SAFECOST_KERNEL_LAYOUT_H

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>

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

template <class Qualified>
std::string layout_of() {
  using T = std::remove_cv_t<Qualified>;
  if constexpr (std::is_void_v<T>) {
    return "void";
  } else if constexpr (std::is_pointer_v<T>) {
    return std::string("*").append(layout_of<std::remove_pointer_t<T>>());
  } else if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_enum_v<T>) {
    return layout_of<std::underlying_type_t<T>>();
  } else if constexpr (std::is_integral_v<T>) {
    if (sizeof(T) == 1) return "b";
    return std::string(std::is_signed_v<T> ? "i" : "u").append(std::to_string(sizeof(T)));
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::string("f").append(std::to_string(sizeof(T)));
  } else {
    static_assert(std::is_standard_layout_v<T> && std::is_trivially_copyable_v<T>,
                  "an input is a plain C struct");
    const T object{};
    std::string text = "{";
    std::apply(
        [&](const auto&... field) {
          const auto add = [&]<class Field>(const Field& member) {
            const auto offset = reinterpret_cast<const std::byte*>(&member) -
                                reinterpret_cast<const std::byte*>(&object);
            text.append(text.size() > 1 ? "," : "").append(std::to_string(offset));
            text.append(":").append(layout_of<Field>());
          };
          (add(field), ...);
        },
        layout_detail::fields(object));
    return text.append("}").append(std::to_string(sizeof(T)));
  }
}

}  // namespace safecost

#endif
