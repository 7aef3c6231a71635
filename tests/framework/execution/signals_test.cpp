#include "execution/signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace dsnn::execution {
namespace {

TEST(StopSignals, CountsEverySignalOnce) {
  StopSignals stop;
  EXPECT_EQ(stop.count(), 0);
  ::raise(SIGTERM);
  EXPECT_EQ(stop.count(), 1);
  EXPECT_EQ(stop.count(), 1);
  ::raise(SIGUSR1);
  ::raise(SIGINT);
  EXPECT_EQ(stop.count(), 3);
}

TEST(StopSignals, HearsWhateverAsksForTheEnd) {
  StopSignals stop;
  int expected = 0;
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
    ::raise(signal);
    EXPECT_EQ(stop.count(), ++expected) << signal;
  }
}

TEST(StopSignals, TheLimitOfCpuTimeRepeatsByItselfAndCountsOnce) {
  StopSignals stop;
  ::raise(SIGXCPU);
  EXPECT_EQ(stop.count(), 1);
  ::raise(SIGXCPU);
  EXPECT_EQ(stop.count(), 1);
  ::raise(SIGTERM);
  EXPECT_EQ(stop.count(), 2);
}

TEST(StopSignals, AReaderThatIsGoneIsNoEndWhileItLives) {
  struct sigaction before = {}, during = {}, after = {};
  sigaction(SIGPIPE, nullptr, &before);
  {
    const StopSignals stop;
    sigaction(SIGPIPE, nullptr, &during);
  }
  sigaction(SIGPIPE, nullptr, &after);
  EXPECT_EQ(during.sa_handler, SIG_IGN);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

TEST(StopSignals, HangupInheritedAsIgnoredStaysIgnored) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  StopSignals stop;
  ::raise(SIGHUP);
  EXPECT_EQ(stop.count(), 0);
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace dsnn::execution
