// What does it cost to hand an error on, when the work is to open a file and read a name?
//
// Each call goes through a list of paths. A file holds one line, "name=" and a name. Three
// functions lie between the system call that fails and the loop that wants to know: one reads a
// file, one finds the name in it, one turns it into a number. At the given rate a file is missing
// or holds something else. What went wrong is an errno in every variant, so that digests agree.
//
// All make the same three system calls, and most of the time goes there. The raw code closes a file
// by goto and copies the name into a buffer of its caller; the safe code has a guard and a string.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
#include "absl/status/statusor.h"
#endif
#include "kernel/case.h"

namespace errors::read_name {

struct Input {
  const char* const* paths;
  std::size_t count;
  std::size_t room;     // bytes in the buffer for a name
  std::size_t claimed;  // what read_name is told of it; equals room unless a fault lies
};

constexpr std::uint64_t files = 64;
constexpr std::size_t room_for_name = 16;

std::string path_of(const safecost::Generator& generator, const std::string& name) {
  return std::string(generator.scratch()) + "/" + name;
}

// What is in a file follows from its name, so one that is there already serves every pool.
void make_file(const safecost::Generator& generator, const std::string& name,
               const std::string& line) {
  const std::string path = path_of(generator, name);
  std::FILE* const made = std::fopen(path.c_str(), "wx");
  if (made == nullptr) {
    if (errno != EEXIST) throw std::system_error(errno, std::generic_category(), path);
    return;
  }
  const bool written = std::fwrite(line.data(), 1, line.size(), made) == line.size();
  if (std::fclose(made) != 0 || !written) throw std::runtime_error("cannot write " + path);
}

void make_files(const safecost::Generator& generator) {
  for (std::uint64_t number = 0; number < files; ++number) {
    // A name of 4 to 15 letters fits into any std::string without an allocation.
    safecost::Random random(number);
    std::string name(4 + random.below(12), 'a');
    for (char& letter : name) letter = static_cast<char>('a' + random.below(26));
    make_file(generator, "name" + std::to_string(number), "name=" + name + "\n");
  }
  make_file(generator, "malformed", "nobody\n");
  make_file(generator, "full", "name=" + std::string(room_for_name, 'x') + "\n");
}

std::string choose(safecost::Generator& generator) {
  if (generator.random.unit() >= generator.rate()) {
    return path_of(generator, "name" + std::to_string(generator.random.below(files)));
  }
  return path_of(generator, generator.random.below(2) == 0 ? "missing" : "malformed");
}

Input generate(safecost::Generator& generator) {
  if (generator.index() == 0) make_files(generator);
  const auto paths = generator.array<const char*>(generator.size());
  for (const char*& path : paths) path = generator.text(choose(generator));
  std::size_t claimed = room_for_name;
  if (!paths.empty()) {
    safecost::Random& random = generator.random;
    const auto put = [&](const char*& path, const std::string& name) {
      path = generator.text(path_of(generator, name));
    };
    const auto drawn = [&]() -> const char*& { return paths[random.below(paths.size())]; };
    if (generator.commits("one_too_small")) {
      put(drawn(), "full");
      claimed = room_for_name + 1;
    }
    if (generator.commits("wrong_size")) {
      const std::size_t letters = random.between(room_for_name + 1, 100);
      const std::string name = "long" + std::to_string(letters);
      make_file(generator, name, "name=" + std::string(letters, 'x') + "\n");
      put(drawn(), name);
      claimed = random.between(letters + 1, 4'096);
    }
    if (generator.commits("embedded_nul")) {
      const std::size_t before = random.below(8);
      const std::string name = "zero" + std::to_string(before);
      make_file(generator, name,
                "name=" + std::string(before, 'x') + '\0' + std::string(8 - before, 'y') + "\n");
      put(drawn(), name);
    }
    // The first of all: before it no number was ever set.
    if (generator.commits("uninitialised")) put(paths.front(), "missing");
    if (generator.commits("ignored_error")) put(drawn(), "missing");
  }
  return {paths.data(), paths.size(), generator.commits("no_buffer") ? 0 : room_for_name, claimed};
}

struct Paths {
  explicit Paths(const Input& input)
      : paths(input.paths, input.paths + input.count), name(input.room), claimed(input.claimed) {}

  std::vector<std::string> paths;
  std::vector<char> name;  // for the raw code alone
  std::size_t claimed;
};

// How an error enters a digest: what lies in a result that nobody asked must not pass for it.
static inline std::uint64_t failure(int error) { return ~static_cast<std::uint64_t>(error); }

// The functions that an error passes are opaque: a compiler that merged them would hand on nothing.

// Raw: an errno or 0 is returned, results come back through pointers.

namespace by_code {

SAFECOST_OPAQUE int read_file(const char* path, char* buffer, std::size_t room,
                              std::size_t* length) {
  int error = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t got = read(file, buffer, room);
  if (got < 0) {
    error = errno;
    goto close_file;
  }
  *length = static_cast<std::size_t>(got);
close_file:
  close(file);
  return error;
}

SAFECOST_OPAQUE int read_name(const char* path, char* name, std::size_t room) {
  constexpr char key[] = "name=";
  constexpr std::size_t key_length = sizeof key - 1;
  char line[128];
  std::size_t length;
  const int error = read_file(path, line, sizeof line, &length);
  if (error != 0) return error;
  if (length < key_length || std::memcmp(line, key, key_length) != 0) return EINVAL;
  const char* const start = line + key_length;
  const void* const end = std::memchr(start, '\n', length - key_length);
  const std::size_t letters =
      end == nullptr ? length - key_length : static_cast<const char*>(end) - start;
  if (letters >= room) return ENAMETOOLONG;
  std::memcpy(name, start, letters);
  name[letters] = '\0';
  return 0;
}

SAFECOST_OPAQUE int number_of_name(const char* path, char* name, std::size_t room,
                                   std::uint64_t* number) {
  const int error = read_name(path, name, room);
  if (error != 0) return error;
  std::uint64_t total = 0;
  for (const char* letter = name; *letter != '\0'; ++letter) {
    total = total * 31 + static_cast<unsigned char>(*letter);
  }
  *number = total;
  return 0;
}

}  // namespace by_code

SAFECOST_KERNEL raw(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths) {
    std::uint64_t number;
    const int error =
        by_code::number_of_name(path.c_str(), context.name.data(), context.claimed, &number);
    digest = digest * 31 + (error != 0 ? failure(error) : number);
  }
  return digest;
}

// Nobody looks at the code: the last name's number is taken for that of a file that is missing.
SAFECOST_KERNEL raw_ignored(Paths& context) {
  std::uint64_t digest = 0;
  std::uint64_t number = 0;
  for (const std::string& path : context.paths) {
    by_code::number_of_name(path.c_str(), context.name.data(), context.claimed, &number);
    digest = digest * 31 + number;
  }
  return digest;
}

// The same with a number that was never set.
SAFECOST_KERNEL raw_uninitialised(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths) {
    std::uint64_t number;
    by_code::number_of_name(path.c_str(), context.name.data(), context.claimed, &number);
    digest = digest * 31 + number;
  }
  return digest;
}

// What the safe variants share: a guard for the file, and the parsing, which fails in one way only.

class File {
 public:
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (is_open()) close(descriptor_);
  }

  bool is_open() const { return descriptor_ >= 0; }
  ssize_t read(std::span<char> buffer) const {
    return ::read(descriptor_, buffer.data(), buffer.size());
  }

 private:
  int descriptor_;
};

SAFECOST_HELPER std::optional<std::string_view> name_in(std::string_view line) {
  constexpr std::string_view key = "name=";
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  return line.substr(0, line.find('\n'));
}

SAFECOST_HELPER std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0;
  for (const char letter : name) number = number * 31 + static_cast<unsigned char>(letter);
  return number;
}

namespace by_expected {

template <class Value>
using Result = std::expected<Value, std::errc>;

SAFECOST_OPAQUE Result<std::string_view> read_file(const std::string& path,
                                                   std::span<char> buffer) {
  const File file(path);
  if (!file.is_open()) return std::unexpected(std::errc(errno));
  const ssize_t length = file.read(buffer);
  if (length < 0) return std::unexpected(std::errc(errno));
  return std::string_view(buffer.data(), static_cast<std::size_t>(length));
}

SAFECOST_OPAQUE Result<std::string> read_name(const std::string& path) {
  std::array<char, 128> buffer;
  const auto line = read_file(path, buffer);
  if (!line) return std::unexpected(line.error());
  const auto name = name_in(*line);
  if (!name) return std::unexpected(std::errc::invalid_argument);
  return std::string(*name);
}

SAFECOST_OPAQUE Result<std::uint64_t> number_of_name(const std::string& path) {
  const auto name = read_name(path);
  if (!name) return std::unexpected(name.error());
  return number_of(*name);
}

}  // namespace by_expected

SAFECOST_KERNEL expected(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths) {
    const auto number = by_expected::number_of_name(path);
    digest = digest * 31 + (number ? *number : failure(static_cast<int>(number.error())));
  }
  return digest;
}

SAFECOST_KERNEL expected_ignored(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths)
    digest = digest * 31 + *by_expected::number_of_name(path);
  return digest;
}

namespace by_exception {

SAFECOST_OPAQUE std::string_view read_file(const std::string& path, std::span<char> buffer) {
  const File file(path);
  if (!file.is_open()) throw std::system_error(errno, std::generic_category(), "cannot open");
  const ssize_t length = file.read(buffer);
  if (length < 0) throw std::system_error(errno, std::generic_category(), "cannot read");
  return std::string_view(buffer.data(), static_cast<std::size_t>(length));
}

SAFECOST_OPAQUE std::string read_name(const std::string& path) {
  std::array<char, 128> buffer;
  const auto name = name_in(read_file(path, buffer));
  if (!name) throw std::system_error(EINVAL, std::generic_category(), "no name");
  return std::string(*name);
}

SAFECOST_OPAQUE std::uint64_t number_of_name(const std::string& path) {
  return number_of(read_name(path));
}

}  // namespace by_exception

SAFECOST_KERNEL exception(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths) {
    try {
      digest = digest * 31 + by_exception::number_of_name(path);
    } catch (const std::system_error& error) {
      digest = digest * 31 + failure(error.code().value());
    }
  }
  return digest;
}

SAFECOST_KERNEL exception_ignored(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths)
    digest = digest * 31 + by_exception::number_of_name(path);
  return digest;
}

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
namespace by_status {

SAFECOST_OPAQUE absl::StatusOr<std::string_view> read_file(const std::string& path,
                                                           std::span<char> buffer) {
  const File file(path);
  if (!file.is_open()) return absl::ErrnoToStatus(errno, "cannot open");
  const ssize_t length = file.read(buffer);
  if (length < 0) return absl::ErrnoToStatus(errno, "cannot read");
  return std::string_view(buffer.data(), static_cast<std::size_t>(length));
}

SAFECOST_OPAQUE absl::StatusOr<std::string> read_name(const std::string& path) {
  std::array<char, 128> buffer;
  const auto line = read_file(path, buffer);
  if (!line.ok()) return line.status();
  const auto name = name_in(*line);
  if (!name) return absl::InvalidArgumentError("no name");
  return std::string(*name);
}

SAFECOST_OPAQUE absl::StatusOr<std::uint64_t> number_of_name(const std::string& path) {
  const auto name = read_name(path);
  if (!name.ok()) return name.status();
  return number_of(*name);
}

}  // namespace by_status

SAFECOST_KERNEL status_or(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths) {
    const auto number = by_status::number_of_name(path);
    const int missing = absl::IsNotFound(number.status()) ? ENOENT : EINVAL;
    digest = digest * 31 + (number.ok() ? *number : failure(missing));
  }
  return digest;
}

SAFECOST_KERNEL status_or_ignored(Paths& context) {
  std::uint64_t digest = 0;
  for (const std::string& path : context.paths)
    digest = digest * 31 + *by_status::number_of_name(path);
  return digest;
}
#endif

// What an idiom gives that prevents a fault: whole names, and errors where there are none.
std::uint64_t names_and_errors(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t digest = 0;
  for (const char* path : std::span(given.paths, given.count)) {
    std::FILE* const file = std::fopen(path, "r");
    char line[128];
    const std::size_t length = file == nullptr ? 0 : std::fread(line, 1, sizeof line, file);
    if (file != nullptr) std::fclose(file);
    const auto name = name_in(std::string_view(line, length));
    const int error = file == nullptr ? ENOENT : EINVAL;
    digest = digest * 31 + (name ? number_of(*name) : failure(error));
  }
  return digest;
}

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(16, 0.0, "files")
        .size_and_rate(16, 0.1, "files")
        .system_bound()
        .fault({.name = "wrong_size",
                .cwe = 787,
                .description =
                    "the buffer for a name is said to be larger than it is, and a name is long",
                .contract = "claimed <= room",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = names_and_errors})
        .fault({.name = "one_too_small",
                .cwe = 193,
                .description = "the buffer holds a name, and not the terminator behind it",
                .contract = "claimed <= room",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = names_and_errors})
        .fault({.name = "embedded_nul",
                .cwe = 158,
                .description = "a name has a byte of zero in it, at which a text of C ends",
                .contract = "a name has no byte of zero in it",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = names_and_errors})
        .fault({.name = "no_buffer",
                .cwe = 476,
                .description = "nobody made a buffer for names: the pointer is null",
                .contract = "name is not null",
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = names_and_errors})
        .fault({.name = "ignored_error",
                .cwe = 252,
                .description = "nobody looks whether there is a name; the last one is taken again",
                .contract = "a result is used only after success",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = names_and_errors})
        .fault({.name = "uninitialised",
                .cwe = 457,
                .description =
                    "nobody looks whether there is a name; a number is used that was never set",
                .contract = "a result is used only after success",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = names_and_errors})
        .raw<raw>("raw", "errno returned, results through pointers, goto for cleaning up")
        .ordinary()
        .fault_kernel<raw_ignored>("ignored_error")
        .fault_kernel<raw_uninitialised>("uninitialised")
        .safe<expected>("expected", "std::expected with std::errc")
        .library()
        .fault_kernel<expected_ignored>("ignored_error")
        .fault_kernel<expected_ignored>("uninitialised")
        .claims("always", "wrong_size", "one_too_small", "embedded_nul", "no_buffer")
        .claims("assertions", "ignored_error", "uninitialised")
        .safe<exception>("exception", "std::system_error, caught in the loop")
        .library()
        .fault_kernel<exception_ignored>("ignored_error")
        .fault_kernel<exception_ignored>("uninitialised")
        .claims("always", "wrong_size", "one_too_small", "embedded_nul", "no_buffer",
                "ignored_error", "uninitialised")
#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
        .safe<status_or>("status_or", "absl::StatusOr")
        .library()
        .fault_kernel<status_or_ignored>("ignored_error")
        .fault_kernel<status_or_ignored>("uninitialised")
        .claims("always", "wrong_size", "one_too_small", "embedded_nul", "no_buffer",
                "ignored_error", "uninitialised");
#else
        .gap("status_or", "absl::StatusOr", "no Abseil for this toolchain");
#endif

}  // namespace errors::read_name

SAFECOST_EXPORT(errors::read_name::the_case)
