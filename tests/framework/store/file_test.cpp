#include "store/file.h"

#include <sys/stat.h>

#include <fstream>

#include "dsnn/error.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

TEST(File, WritesReplacesAndLeavesNoTemporaryFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.txt";
  write_file_atomically(path, "one");
  write_file_atomically(path, std::string("t\0wo", 4));
  EXPECT_EQ(read_file(path), std::string("t\0wo", 4));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, MissingFolderIs73AndMissingFileIs74) {
  const TemporaryFolder folder;
  try {
    write_file_atomically(folder.path() / "none" / "a.txt", "x");
    ADD_FAILURE();
  } catch (const ExitError& error) {
    EXPECT_EQ(error.exit_code(), 73);
  }
  try {
    read_file(folder.path() / "a.txt");
    ADD_FAILURE();
  } catch (const ExitError& error) {
    EXPECT_EQ(error.exit_code(), 74);
  }
}

TEST(File, FolderInPlaceOfAFileIsRefused) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "a.txt" / "inside");
  EXPECT_THROW(write_file_atomically(folder.path() / "a.txt", "x"), ExitError);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, Sha256OfPublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "a", std::string(200000, 'a'));
  EXPECT_EQ(sha256_file(folder.path() / "a"), sha256_hex(std::string(200000, 'a')));
}

TEST(File, WhatAKilledWriterLeftIsRemoved) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "trials/3");
  std::ofstream(folder.path() / "trials/3/.tmp.17.0.checkpoint.json") << "{";
  std::ofstream(folder.path() / "trials/3/checkpoint.json") << "{}";
  remove_half_written(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "trials/3/.tmp.17.0.checkpoint.json"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "trials/3/checkpoint.json"));
}

TEST(File, WhatAKilledWriterLeftIsNotLookedForInOtherRunsOrUnderOtherNames) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "seed-1/trials");
  std::filesystem::create_directories(folder.path() / "trials/3");
  const char* kept[] = {"seed-1/.tmp.17.0.trials.csv", "seed-1/trials/.tmp.17.0.a", ".tmp.notes", "trials/3/.tmp.17.a"};
  for (const char* file : kept) std::ofstream(folder.path() / file) << "somebody's";
  std::ofstream(folder.path() / ".tmp.17.4.trials.csv") << "half";
  remove_half_written(folder.path());
  for (const char* file : kept) EXPECT_TRUE(std::filesystem::exists(folder.path() / file)) << file;
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".tmp.17.4.trials.csv"));
}

}  // namespace
}  // namespace dsnn::store
