// The result is of a class marked [[nodiscard]], as absl::Status is: no function can forget it.
// cwe: 252
// gcc: [-Wunused-result]
// clang: [-Wunused-result]
class [[nodiscard]] Status {
 public:
  explicit Status(int code) : code_(code) {}
  bool ok() const { return code_ == 0; }

 private:
  int code_;
};

Status write(int value);

bool use(int value) {
#ifdef MISUSE
  write(value);  // MISUSE
  return true;
#else
  return write(value).ok();
#endif
}
