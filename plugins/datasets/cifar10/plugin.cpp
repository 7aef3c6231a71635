#include "dsnn/plugin.h"
#include "dsnn/image_dataset.h"
#include "records.h"

namespace {

namespace fs = std::filesystem;

/// CIFAR-10 in its binary version. Any number of training files from data_batch_1 on is taken, so a part of the data
/// set on disk is a smaller training set.
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
  std::string missing_file(const fs::path& folder, bool test) const override {
    if (!files(folder, test).empty()) return "";
    return test ? "test_batch.bin" : "data_batch_1.bin";
  }

  dsnn::ImageTable read(const fs::path& folder, bool test) const override {
    dsnn::ImageTable table;
    for (const fs::path& file : files(folder, test)) dsnn_cifar10::append_records(file, table);
    return table;
  }

 private:
  static fs::path file(const fs::path& folder, const std::string& stem) {
    std::error_code error;
    for (const char* ending : {".bin", ".bin.zst"}) {
      if (fs::is_regular_file(folder / (stem + ending), error)) return folder / (stem + ending);
    }
    return {};
  }

  static std::vector<fs::path> files(const fs::path& folder, bool test) {
    if (test) {
      for (const char* stem : {"test_batch", "test_batch_classcycled"}) {
        if (const fs::path found = file(folder, stem); !found.empty()) return {found};
      }
      return {};
    }
    std::vector<fs::path> found;
    for (int i = 1; i <= 5; ++i) {
      fs::path next = file(folder, "data_batch_" + std::to_string(i));
      if (next.empty()) break;
      found.push_back(std::move(next));
    }
    return found;
  }
};

constexpr auto kSchema = dsnn::schema(
    "cifar10", "Photographs of 10 classes: 50,000 + 10,000 colour images of 32 x 32 (binary records, also .zst)");

}  // namespace

DSNN_PLUGIN("cifar10", "0.3.0", "Apache-2.0", dsnn::component<Cifar10>(kSchema));
