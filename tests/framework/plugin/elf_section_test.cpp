#include "plugin/elf_section.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <stdexcept>

#include "fixture.h"

namespace dsnn::plugin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The manifest in `bytes`, or the complaint.
std::string read(const std::string& bytes) {
  const int fd = memfd_create("x.dsnn.so", MFD_CLOEXEC);
  if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return "the test could not write";
  std::string out;
  try {
    out = read_elf_section(fd, ".dsnn_manifest");
  } catch (const std::invalid_argument& e) {
    out = e.what();
  }
  close(fd);
  return out;
}

const std::string& good() {
  static const std::string bytes = test::bytes_of(test::fixture_file("good"));
  return bytes;
}

Elf64_Ehdr header_of(const std::string& bytes) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

std::string with_header(Elf64_Ehdr header) {
  std::string bytes = good();
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST(ElfSection, FindsTheManifest) { EXPECT_THAT(read(good()), StartsWith("{\"manifest\":1,")); }

TEST(ElfSection, RefusesWhatIsNoSharedLibrary) {
  EXPECT_THAT(read(""), HasSubstr("it has only 0 bytes"));
  EXPECT_THAT(read("#!/bin/sh\necho this is a script\n"), HasSubstr("does not start with the ELF magic number"));
}

TEST(ElfSection, RefusesOtherMachines) {
  Elf64_Ehdr header = header_of(good());
  header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(read(with_header(header)), HasSubstr("no 64-bit shared library"));
  header = header_of(good());
  header.e_ident[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(read(with_header(header)), HasSubstr("big-endian"));
  header = header_of(good());
  header.e_machine = EM_RISCV;
  EXPECT_THAT(read(with_header(header)), HasSubstr("another processor"));
  header = header_of(good());
  header.e_type = ET_REL;
  EXPECT_THAT(read(with_header(header)), HasSubstr("ELF type 1"));
}

TEST(ElfSection, RefusesOffsetsOutsideTheFile) {
  Elf64_Ehdr header = header_of(good());
  header.e_shoff = ~uint64_t{0} - 8;
  EXPECT_THAT(read(with_header(header)), HasSubstr("is cut short"));
  header = header_of(good());
  header.e_shoff = 0;
  EXPECT_THAT(read(with_header(header)), HasSubstr("no section table"));
  header = header_of(good());
  header.e_shentsize = 1;
  EXPECT_THAT(read(with_header(header)), HasSubstr("section headers of 1 bytes"));
  header = header_of(good());
  header.e_shstrndx = 60000;
  EXPECT_THAT(read(with_header(header)), HasSubstr("section 60000 should hold the names"));
}

TEST(ElfSection, RefusesSectionsThatClaimTooMuch) {
  const Elf64_Ehdr header = header_of(good());
  for (int i = 0; i < header.e_shnum; ++i) {
    std::string bytes = good();
    Elf64_Shdr section;
    const size_t at = header.e_shoff + static_cast<size_t>(i) * sizeof section;
    std::memcpy(&section, bytes.data() + at, sizeof section);
    section.sh_size = ~uint64_t{0};
    std::memcpy(bytes.data() + at, &section, sizeof section);
    const std::string text = read(bytes);
    EXPECT_TRUE(text.starts_with("{\"manifest\"") || text.find("claims") != std::string::npos) << text;
  }
}

TEST(ElfSection, RefusesAFileCutAnywhere) {
  for (size_t part = 0; part < 256; ++part) {
    EXPECT_THAT(read(good().substr(0, good().size() * part / 256)), ::testing::Not(StartsWith("{"))) << "part " << part;
  }
}

TEST(ElfSection, SurvivesFlippedBitsInItsTables) {
  std::mt19937 random(7);
  const Elf64_Ehdr header = header_of(good());
  const size_t table = header.e_shnum * sizeof(Elf64_Shdr);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = good();
    const size_t at = i % 2 == 0 ? random() % sizeof(Elf64_Ehdr) : header.e_shoff + random() % table;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    EXPECT_FALSE(read(bytes).empty());
  }
}

}  // namespace
}  // namespace dsnn::plugin
