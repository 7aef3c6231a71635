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

TEST(StopSignals, HangupInheritedAsIgnoredStaysIgnored) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  StopSignals stop;
  ::raise(SIGHUP);
  EXPECT_EQ(stop.count(), 0);
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace dsnn::execution
