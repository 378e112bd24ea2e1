// Tests of waiting with a limit: what is stopped, in a session of its own or breeding holds nobody and ends.
#include "runner/reap.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace safecost::reap {
namespace {

template <class Work>
pid_t in_a_fork(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(7);
  }
  return child;
}

TEST(Reap, GivesTheStateOfAChildThatEnds) {
  EXPECT_EQ(WEXITSTATUS(wait_at_most(in_a_fork([] {}), 60)), 7);
}

TEST(Reap, KillsWhatIsStopped) {
  EXPECT_EQ(wait_at_most(in_a_fork([] { raise(SIGSTOP); }), 0.2), SIGALRM);
  EXPECT_EQ(strays(), 0u);
}

TEST(Reap, GivesWhatRunsMoreTimeThanWhatIsStopped) {
  EXPECT_EQ(wait_at_most(in_a_fork([] { raise(SIGSTOP); }), 0.2, 600), SIGALRM);
  EXPECT_EQ(WEXITSTATUS(wait_at_most(in_a_fork([] { usleep(500'000); }), 0.1, 60)), 7);
}

// Two threads, one of which waits for ever, or both.
void wait_for_a_thread(bool works) {
  std::thread other([works] {
    for (volatile bool goes_on = works; goes_on;) {
    }
    pause();
  });
  other.join();
}

TEST(Reap, KillsAtOnceWhereAllThreadsSleep) {
  bool asleep = false;
  EXPECT_EQ(wait_at_most(in_a_fork([] { wait_for_a_thread(false); }), 600, 600, &asleep), SIGALRM);
  EXPECT_TRUE(asleep);
}

TEST(Reap, LetsAThreadSleepWhileAnotherWorks) {
  bool asleep = true;
  EXPECT_EQ(wait_at_most(in_a_fork([] { wait_for_a_thread(true); }), 0.5, 0, &asleep), SIGALRM);
  EXPECT_FALSE(asleep);
  EXPECT_EQ(WEXITSTATUS(wait_at_most(in_a_fork([] { usleep(30'000); }), 60, 0, &asleep)), 7);
  EXPECT_FALSE(asleep);
}

TEST(Reap, LooksWithoutWaiting) {
  const pid_t child = in_a_fork([] { sleep(600); });
  EXPECT_FALSE(ended(child, 0));
  EXPECT_EQ(wait_at_most(child, 0), SIGALRM);
}

TEST(Reap, EndsADaemonAndListsItBefore) {
  adopt_strays();
  wait_at_most(in_a_fork([] {
                 setsid();
                 if (fork() == 0) sleep(600);
               }),
               60);
  pid_t first[2] = {};
  EXPECT_EQ(strays(first), 1u);
  EXPECT_GT(first[0], 0);
  EXPECT_EQ(end_strays(), 1u);
  EXPECT_EQ(strays(), 0u);
  EXPECT_NE(kill(first[0], 0), 0);
}

TEST(Reap, EndsWhatBreeds) {
  adopt_strays();
  in_a_fork([] {
    for (int generation = 0; generation < 20; ++generation) {
      if (fork() != 0) sleep(600);
    }
  });
  usleep(50'000);
  EXPECT_EQ(end_strays(), 1u);
  EXPECT_EQ(strays(), 0u);
}

}  // namespace
}  // namespace safecost::reap
