#include "dsnn/plugin.h"
#include "dsnn/image_dataset.h"
#include "records.h"

namespace {

namespace fs = std::filesystem;

/// CIFAR-10 in its binary version. Any number of training files from data_batch_1 on is taken, so the first files on
/// disk are a smaller training set; a gap between them is a download that broke off.
class Cifar10 : public dsnn::ImageDataset {
 public:
  Cifar10(const dsnn::ConfigView& section, const dsnn::ComponentFactory& factory)
      : ImageDataset(section, factory,
                     {.name = "cifar10",
                      .info = {.input = {3, 32, 32},
                               .classes = 10,
                               .class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
                                               "ship", "truck"}},
                      .mean = {0.4914, 0.4822, 0.4465},
                      .std = {0.2470, 0.2435, 0.2616},
                      .folders = {"cifar10", "cifar-10-batches-bin"},
                      .how_to_get = "get it with tools/fetch-dataset cifar10"}) {}

 protected:
  std::vector<std::string> missing_files(const fs::path& folder, bool test) const override {
    const std::vector<fs::path> found = files(folder, test);
    if (test) return found.empty() ? std::vector<std::string>{"test_batch.bin"} : std::vector<std::string>{};
    size_t needed = kTrainingFiles;
    while (needed > 1 && found[needed - 1].empty()) --needed;
    std::vector<std::string> missing;
    for (size_t i = 0; i < needed; ++i) {
      if (found[i].empty()) missing.push_back(training_stem(i) + ".bin");
    }
    return missing;
  }

  int64_t count(const fs::path& folder, bool test) const override {
    int64_t records = 0;
    for (const fs::path& file : present(folder, test)) records += dsnn_cifar10::count_records(file);
    return records;
  }

  dsnn::ImageTable read(const fs::path& folder, bool test) const override {
    dsnn::ImageTable table;
    for (const fs::path& file : present(folder, test)) dsnn_cifar10::append_records(file, table);
    return table;
  }

 private:
  static constexpr size_t kTrainingFiles = 5;

  static std::string training_stem(size_t index) { return "data_batch_" + std::to_string(index + 1); }

  static fs::path file(const fs::path& folder, const std::string& stem) {
    std::error_code error;
    for (const char* ending : {".bin", ".bin.zst"}) {
      if (fs::is_regular_file(folder / (stem + ending), error)) return folder / (stem + ending);
    }
    return {};
  }

  /// The training files by their number, empty where one is not there; of the test files the one that is.
  static std::vector<fs::path> files(const fs::path& folder, bool test) {
    if (test) {
      for (const char* stem : {"test_batch", "test_batch_classcycled"}) {
        if (const fs::path found = file(folder, stem); !found.empty()) return {found};
      }
      return {};
    }
    std::vector<fs::path> found;
    for (size_t i = 0; i < kTrainingFiles; ++i) found.push_back(file(folder, training_stem(i)));
    return found;
  }

  static std::vector<fs::path> present(const fs::path& folder, bool test) {
    std::vector<fs::path> found = files(folder, test);
    std::erase_if(found, [](const fs::path& one) { return one.empty(); });
    return found;
  }
};

constexpr auto kSchema = dsnn::schema(
    "cifar10", "Photographs of 10 classes: 50,000 + 10,000 colour images of 32 x 32 (binary records, also .zst)");

}  // namespace

DSNN_PLUGIN("cifar10", "0.3.0", "Apache-2.0", dsnn::component<Cifar10>(kSchema));
