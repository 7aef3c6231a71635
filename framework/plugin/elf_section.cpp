#include "plugin/elf_section.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace dsnn::plugin {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "dsnn-run knows the ELF machine numbers of x86-64 and AArch64 only"
#endif

constexpr uint64_t kMaxSection = uint64_t{4} << 20;
constexpr uint64_t kMaxSections = 65'536;

[[noreturn]] void refuse(const std::string& text) { throw std::invalid_argument(text); }

/// Bounds-checked reads. pread and not mmap: a file that is cut short meanwhile must not raise SIGBUS.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) refuse(std::string("cannot be examined: ") + std::strerror(errno));
    size_ = static_cast<uint64_t>(info.st_size);
  }

  uint64_t size() const { return size_; }

  void read(uint64_t offset, void* into, uint64_t bytes, const char* what) const {
    if (offset > size_ || bytes > size_ - offset) {
      refuse("is cut short: its " + std::string(what) + " should end at byte " + std::to_string(offset) + " + " +
             std::to_string(bytes) + ", but the file has " + std::to_string(size_) + " bytes; copy it again");
    }
    auto* to = static_cast<char*>(into);
    while (bytes > 0) {
      const ssize_t got = pread(fd_, to, bytes, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        refuse(std::string("cannot be read: ") + (got < 0 ? std::strerror(errno) : "it just became shorter"));
      to += got;
      offset += static_cast<uint64_t>(got);
      bytes -= static_cast<uint64_t>(got);
    }
  }

 private:
  int fd_;
  uint64_t size_ = 0;
};

Elf64_Ehdr read_header(const Reader& reader) {
  Elf64_Ehdr header{};
  unsigned char ident[EI_NIDENT] = {};
  if (reader.size() < sizeof ident)
    refuse("is no shared library: it has only " + std::to_string(reader.size()) + " bytes");
  reader.read(0, ident, sizeof ident, "ELF identification");
  if (std::memcmp(ident, ELFMAG, SELFMAG) != 0)
    refuse("is no shared library: it does not start with the ELF magic number");
  if (ident[EI_CLASS] != ELFCLASS64) refuse("is no 64-bit shared library; this dsnn-run is a 64-bit program");
  if (ident[EI_DATA] != ELFDATA2LSB) refuse("is a big-endian library; this machine is little-endian");
  reader.read(0, &header, sizeof header, "ELF header");
  if (header.e_machine != kMachine) {
    refuse("was built for another processor: ELF machine " + std::to_string(header.e_machine) + ", this dsnn-run has " +
           std::to_string(kMachine));
  }
  if (header.e_type != ET_DYN)
    refuse("is no shared library: ELF type " + std::to_string(header.e_type) + ", expected 3");
  if (header.e_shoff == 0) refuse("has no section table, so no manifest can be found in it; build it without sstrip");
  if (header.e_shentsize != sizeof(Elf64_Shdr)) {
    refuse("is damaged: section headers of " + std::to_string(header.e_shentsize) + " bytes, expected 64");
  }
  return header;
}

std::vector<Elf64_Shdr> read_section_table(const Reader& reader, const Elf64_Ehdr& header) {
  Elf64_Shdr first{};
  reader.read(header.e_shoff, &first, sizeof first, "section table");
  const uint64_t count =
      header.e_shnum != 0 ? header.e_shnum : first.sh_size;  // over 65,279 sections: kept in the first
  if (count > kMaxSections) refuse("is damaged: it claims " + std::to_string(count) + " sections");
  std::vector<Elf64_Shdr> sections(count);
  reader.read(header.e_shoff, sections.data(), count * sizeof(Elf64_Shdr), "section table");
  return sections;
}

std::string read_bytes(const Reader& reader, const Elf64_Shdr& section, const char* what) {
  if (section.sh_type == SHT_NOBITS || (section.sh_flags & SHF_COMPRESSED) != 0) {
    refuse(std::string("is damaged: its ") + what + " has no plain bytes in the file");
  }
  if (section.sh_size > kMaxSection) {
    refuse(std::string("is damaged: its ") + what + " claims " + std::to_string(section.sh_size) + " bytes, at most " +
           std::to_string(kMaxSection) + " are read");
  }
  if (section.sh_offset > reader.size() || section.sh_size > reader.size() - section.sh_offset) {
    reader.read(section.sh_offset, nullptr, section.sh_size, what);  // throws before anything is allocated
  }
  std::string bytes(section.sh_size, '\0');
  reader.read(section.sh_offset, bytes.data(), bytes.size(), what);
  return bytes;
}

}  // namespace

std::string read_elf_section(int fd, std::string_view name) {
  const Reader reader(fd);
  const Elf64_Ehdr header = read_header(reader);
  const std::vector<Elf64_Shdr> sections = read_section_table(reader, header);
  if (sections.empty()) refuse("is damaged: its section table is empty");
  const uint64_t names_at = header.e_shstrndx == SHN_XINDEX ? sections[0].sh_link : header.e_shstrndx;
  if (names_at >= sections.size())
    refuse("is damaged: section " + std::to_string(names_at) + " should hold the names, it has " +
           std::to_string(sections.size()));
  const std::string names = read_bytes(reader, sections[names_at], "section name table");
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_name >= names.size()) continue;
    if (std::string_view(names.c_str() + section.sh_name) != name) continue;
    return read_bytes(reader, section, "manifest");
  }
  refuse("has no manifest (ELF section " + std::string(name) + "): it is no dsnn-run plugin, or it lacks DSNN_PLUGIN");
}

}  // namespace dsnn::plugin
