// A derived object is freed through a base that has no virtual destructor.
// cwe: 1079
// gcc: [-Wdelete-non-virtual-dtor]
// clang flags: -Wno-non-virtual-dtor
// clang: [-Wdelete-non-abstract-non-virtual-dtor]
struct Base {
#ifdef MISUSE
  ~Base() = default;
#else
  virtual ~Base() = default;
  Base() = default;
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;
#endif
  virtual int value() const { return 1; }
};

void use(const Base* owned) {
  delete owned;  // MISUSE
}
