// A parameter pack is given something that none of its overloads can write.
// cwe: 686
// gcc: "no matching function for call to"
// clang: "no matching function for call to"
struct Point {
  int x;
  int y;
};

void put_piece(const char* text);
void put_piece(int number);

void log(Point point) {
  const auto put = [](const auto&... pieces) { (put_piece(pieces), ...); };
#ifdef MISUSE
  put("at ", point);  // MISUSE
#else
  put("at ", point.x);
#endif
}
