#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "dsnn/error.h"
#include "dsnn/value.h"

namespace dsnn::logging {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string on_console(const Options& options, const std::function<void()>& speak) {
  ::testing::internal::CaptureStderr();
  start(options);
  speak();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, EscapesWhatSteersATerminal) {
  const std::string text = on_console({}, [] {
    log(LogLevel::info,
        "a\x1b[31mb\xC2\x9B"
        "c\xFF\t");
  });
  EXPECT_EQ(text, "a\\x1b[31mb\\x9bc\\xff\\t\n");
}

TEST(Log, SetsFurtherLinesInSoThatNoneForgesAMessage) {
  const std::string text = on_console({}, [] { log(LogLevel::warning, "first\nerror: second\n"); });
  EXPECT_EQ(text, "warning: first\n  error: second\n");
  const std::string json = on_console({.json = true}, [] { log(LogLevel::warning, "first\nsecond"); });
  EXPECT_EQ(parse_json(json).at("text").string(), "first\nsecond");
}

TEST(Log, NamesTheLevelExceptForPlainInformation) {
  const std::string text = on_console({}, [] {
    log(LogLevel::debug, "hidden");
    log(LogLevel::info, "plain");
    log(LogLevel::warning, "careful");
    log(LogLevel::error, "bad");
  });
  EXPECT_EQ(text, "plain\nwarning: careful\nerror: bad\n");
}

TEST(Log, QuietKeepsWarnings) {
  const std::string text = on_console({.console_level = LogLevel::warning}, [] {
    log(LogLevel::info, "plain");
    log(LogLevel::warning, "careful");
  });
  EXPECT_EQ(text, "warning: careful\n");
}

TEST(Log, WritesJsonLines) {
  const std::string text = on_console({.json = true}, [] { log(LogLevel::warning, "it's \"so\""); });
  const Value line = parse_json(text);
  EXPECT_EQ(line.at("level").string(), "warning");
  EXPECT_EQ(line.at("text").string(), "it's \"so\"");
  EXPECT_THAT(line.at("time").string(), ::testing::MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z"));
}

TEST(Log, WritesEverythingToItsFiles) {
  const fs::path file = fs::temp_directory_path() / ("dsnn-log-" + std::to_string(getpid()) + ".txt");
  on_console({.console_level = LogLevel::error}, [&] {
    add_file(file);
    log(LogLevel::debug, "detail");
    close_files();
    log(LogLevel::info, "afterwards");
  });
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  fs::remove(file);
  EXPECT_THAT(text.str(), HasSubstr("Z debug detail\n"));
  EXPECT_THAT(text.str(), ::testing::Not(HasSubstr("afterwards")));
}

TEST(Log, RefusesAFileItCannotMake) {
  try {
    add_file("/proc/no/such/log.txt");
    FAIL();
  } catch (const ExitError& e) {
    EXPECT_EQ(e.exit_code(), 73);
  }
}

TEST(Log, CallsTheHooksAroundEachConsoleLine) {
  std::string order;
  on_console({}, [&] {
    set_console_hooks([&] { order += "("; }, [&] { order += ")"; });
    log(LogLevel::debug, "hidden");
    log(LogLevel::info, "shown");
    set_console_hooks(nullptr, nullptr);
  });
  EXPECT_EQ(order, "()");
}

}  // namespace
}  // namespace dsnn::logging
