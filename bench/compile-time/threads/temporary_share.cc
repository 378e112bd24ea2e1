// A configuration is referred to through a share that ends with the statement: an update frees it under its reader.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <memory>
#include <mutex>

class Store {
 public:
  std::shared_ptr<const int> load() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return current_;
  }

 private:
  std::mutex mutex_{};
  std::shared_ptr<const int> current_{};
};

int use(Store& store) {
#ifdef MISUSE
  const int& config = *store.load();
  return config;  // MISUSE
#else
  const std::shared_ptr<const int> snapshot = store.load();
  return *snapshot;
#endif
}
