#include "execution/log_tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

LogTail tail_of(const std::string& text) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "log.txt") << text;
  return log_tail(folder.path() / "log.txt");
}

TEST(LogTail, TakesTheLastLines) { EXPECT_EQ(tail_of("a\nb\nc\n\nd\n").lines, "b | c | d"); }

TEST(LogTail, FindsTheCrashReport) {
  const LogTail tail = tail_of("loading\ncrashed: signal SIGSEGV in x.dsnn.so\n");
  EXPECT_EQ(tail.crash, "signal SIGSEGV in x.dsnn.so");
  EXPECT_EQ(tail.lines, "loading");
}

TEST(LogTail, ControlCharactersCannotSteerATerminal) { EXPECT_EQ(tail_of("\x1b[31mred\n").lines, " [31mred"); }

TEST(LogTail, NoFileIsNoLines) { EXPECT_EQ(log_tail("/nowhere/log.txt").lines, ""); }

}  // namespace
}  // namespace dsnn::execution
