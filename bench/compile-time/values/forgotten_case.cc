// A switch over an enumeration forgets a value.
// cwe: 478
// gcc: [-Wswitch]
// clang: [-Wswitch]
enum class State { open, closed, broken };

int use(State state) {
  int result = 0;
  switch (state) {  // MISUSE
    case State::open:
      result = 1;
      break;
    case State::closed:
      result = 2;
      break;
#ifndef MISUSE
    case State::broken:
      result = 3;
      break;
#endif
  }
  return result;
}
