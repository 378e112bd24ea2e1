// A metronome: a loop of one cycle an iteration, which takes longer where somebody computes on the other thread of our core.
//
// On a virtual machine a stranger may do so, and neither steal time nor A/A pairs show it: both arms slow down alike, but
// what runs at one instruction a cycle loses more than what waits. So each epoch is flanked by two beats.
#ifndef SAFECOST_RUNNER_METRONOME_H
#define SAFECOST_RUNNER_METRONOME_H

#include <vector>

namespace safecost {

// Nanoseconds of a beat, a microsecond or so.
double beat();

// What a beat takes where nobody disturbs: the 5 % quantile of these, or `known` where that is less. `known` is 0 where
// nothing is known.
double calm_beat(std::vector<double> beats, double known);

// A beat is slow beyond so many times the calm one.
inline constexpr double kSlowBeat = 1.2;

}  // namespace safecost

#endif
