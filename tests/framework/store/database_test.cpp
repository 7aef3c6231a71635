#include "store/database.h"

#include <fstream>

#include <sys/mount.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "store/csv.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;

void make_store(const fs::path& folder) {
  fs::create_directories(folder);
  const auto store = open_sqlite(folder / "study.sqlite", Open::create);
  store->create_study(example_study(), {});
  store->add_trial(example_request(0), "view");
}

template <class Action>
std::pair<int, std::string> outcome(Action action) {
  try {
    action();
    return {0, ""};
  } catch (const ExitError& e) {
    return {e.exit_code(), e.what()};
  }
}

/// `folder` under a second, read-only name, when this process may mount one.
class ReadOnlyMount {
 public:
  ReadOnlyMount(const fs::path& folder, const fs::path& where) : where_(where) {
    fs::create_directories(where);
    if (::geteuid() != 0 || ::mount(folder.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) != 0) return;
    mounted_ = true;
    read_only_ = ::mount(nullptr, where.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
  }
  ~ReadOnlyMount() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  ReadOnlyMount(const ReadOnlyMount&) = delete;
  bool read_only() const { return read_only_; }

 private:
  fs::path where_;
  bool mounted_ = false, read_only_ = false;
};

constexpr const char* kNames[] = {"plain", "a#b", "50%", "100%41", "is it?x=1&y", "a b'\"c", "ümlaut", "a%2fb"};

TEST(Database, UriEscapesWhatHasAMeaningInIt) {
  EXPECT_EQ(immutable_uri("/a#b/50%/100%41/is it?x=1&y"), "file:///a%23b/50%25/100%2541/is it%3fx=1&y?immutable=1");
  EXPECT_EQ(immutable_uri("//a//b/../c"), "file:///a/c?immutable=1");
}

TEST(Database, RunOfAnyNameIsReadFromAMediumThatCannotBeWritten) {
  const TemporaryFolder folder;
  for (const char* name : kNames) make_store(folder.path() / "runs" / name);
  const ReadOnlyMount mounted(folder.path() / "runs", folder.path() / "seen");
  if (!mounted.read_only()) GTEST_SKIP() << "needs the right to mount";
  for (const char* name : kNames)
    EXPECT_EQ(open_sqlite(folder.path() / "seen" / name / "study.sqlite", Open::read_only)->trials().size(), 1u)
        << name;
}

TEST(Database, JournalThatCannotBeMergedIsNotPassedOver) {
  const TemporaryFolder folder;
  const fs::path run = folder.path() / "run", killed = folder.path() / "killed";
  make_store(run);
  fs::create_directory(killed);
  {
    const auto writer = open_sqlite(run / "study.sqlite", Open::read_write);
    writer->add_trial(example_request(1), "view");
    for (const char* name : {"study.sqlite", "study.sqlite-wal"}) fs::copy_file(run / name, killed / name);
  }
  ASSERT_GT(fs::file_size(killed / "study.sqlite-wal"), 0u);
  const ReadOnlyMount mounted(killed, folder.path() / "seen");
  if (!mounted.read_only()) GTEST_SKIP() << "needs the right to mount";
  const auto [code, text] = outcome([&] { open_sqlite(folder.path() / "seen/study.sqlite", Open::read_only); });
  EXPECT_EQ(code, 69);
  EXPECT_NE(text.find("its newest rows are still in study.sqlite-wal"), std::string::npos) << text;
  fs::copy(folder.path() / "seen", folder.path() / "copy", fs::copy_options::recursive);
  EXPECT_EQ(open_sqlite(folder.path() / "copy/study.sqlite", Open::read_only)->trials().size(), 2u);
}

TEST(Database, FileRemovedOrReplacedIsNoticedAtTheNextCommit) {
  for (const bool replaced : {false, true}) {
    const TemporaryFolder folder;
    make_store(folder.path() / "run");
    const auto store = open_sqlite(folder.path() / "run/study.sqlite", Open::read_write);
    store->add_trial(example_request(1), "view");
    fs::rename(folder.path() / "run", folder.path() / "moved");
    if (replaced) make_store(folder.path() / "run");
    const auto [code, text] = outcome([&] { store->add_trial(example_request(2), "view"); });
    EXPECT_EQ(code, 69);
    EXPECT_NE(text.find("was removed or replaced while this process used it"), std::string::npos) << text;
    EXPECT_EQ(fs::exists(folder.path() / "run"), replaced);
    EXPECT_EQ(open_sqlite(folder.path() / "moved/study.sqlite", Open::read_only)->trials().size(), 2u);
  }
}

TEST(Database, LongestPathWorksAndOneByteMoreIsRefusedBeforeAnythingIsMade) {
  const TemporaryFolder folder;
  const fs::path root = fs::canonical(folder.path());
  const auto place = [&](size_t bytes) {
    const fs::path above = root / std::string(200, 'a') / std::string(100, 'b');
    return above / std::string(bytes - (above / "x/study.sqlite").native().size() + 1, 'c') / "study.sqlite";
  };
  const fs::path longest = place(504), over = place(505);
  ASSERT_EQ(longest.native().size(), 504u);
  make_store(longest.parent_path());
  EXPECT_EQ(open_sqlite(longest, Open::read_only)->trials().size(), 1u);
  const auto [code, text] = outcome([&] { open_sqlite(over, Open::create); });
  EXPECT_EQ(code, 73);
  EXPECT_NE(text.find("505 bytes from the root, and SQLite takes at most 504"), std::string::npos) << text;
  fs::create_directory_symlink(longest.parent_path(), root / "short");
  EXPECT_EQ(open_sqlite(root / "short/study.sqlite", Open::read_only)->trials().size(), 1u);
}

TEST(Database, SentenceNamesTheCauseThatTheSystemGave) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "run/study.sqlite");
  const auto [code, text] = outcome([&] { open_sqlite(folder.path() / "run/study.sqlite", Open::read_write); });
  EXPECT_EQ(code, 73);
  EXPECT_NE(text.find("Is a directory"), std::string::npos) << text;
  const auto [long_code, long_text] =
      outcome([&] { open_sqlite(folder.path() / std::string(300, 'x') / "study.sqlite", Open::read_only); });
  EXPECT_EQ(long_code, 69);
  EXPECT_NE(long_text.find("File name too long"), std::string::npos) << long_text;
}

TEST(Csv, HostileCellsReadBackAsTheyWere) {
  const std::vector<std::vector<std::string>> rows = {{"layer", "type"}, {"a,b", "say \"x\""}, {"line\nbreak", "\r\n"},
                                                      {"", "\"\""},      {",", "plain"},       {"", ""}};
  std::string text;
  for (const auto& row : rows) text += csv_row(row);
  EXPECT_EQ(parse_csv(text), rows);
}

}  // namespace
}  // namespace dsnn::store
