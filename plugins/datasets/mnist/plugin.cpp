// MNIST and the data sets in its format: 28 x 28 grey images in IDX files.
#include "dsnn/plugin.h"
#include "dsnn/image_dataset.h"
#include "idx.h"

namespace {

namespace fs = std::filesystem;

class IdxDataset : public dsnn::ImageDataset {
 public:
  using dsnn::ImageDataset::ImageDataset;

 protected:
  std::string missing_file(const fs::path& folder, bool test) const override {
    for (const char* part : {"-images-idx3-ubyte", "-labels-idx1-ubyte"}) {
      const std::string name = prefix(test) + part;
      if (file(folder, name).empty()) return name + ".gz";
    }
    return "";
  }

  dsnn::ImageTable read(const fs::path& folder, bool test) const override {
    const fs::path image_file = file(folder, prefix(test) + "-images-idx3-ubyte");
    const fs::path label_file = file(folder, prefix(test) + "-labels-idx1-ubyte");
    dsnn_mnist::IdxFile images = dsnn_mnist::read_idx(image_file, 3);
    const dsnn_mnist::IdxFile labels = dsnn_mnist::read_idx(label_file, 1);
    if (images.shape[1] != 28 || images.shape[2] != 28) {
      refuse(image_file, "holds images of " + std::to_string(images.shape[1]) + " x " +
                             std::to_string(images.shape[2]) + ", expected 28 x 28");
    }
    if (images.shape[0] != labels.shape[0]) {
      refuse(label_file,
             "holds " + std::to_string(labels.shape[0]) + " labels for " + std::to_string(images.shape[0]) + " images");
    }
    for (uint8_t label : labels.bytes) {
      if (label >= 10) refuse(label_file, "holds the label " + std::to_string(label) + ", expected 0..9");
    }
    return {.channels = 1,
            .height = 28,
            .width = 28,
            .pixels = std::move(images.bytes),
            .labels = {labels.bytes.begin(), labels.bytes.end()}};
  }

 private:
  static std::string prefix(bool test) { return test ? "t10k" : "train"; }

  static fs::path file(const fs::path& folder, const std::string& name) {
    std::error_code error;
    for (const char* ending : {".gz", ""}) {
      if (fs::is_regular_file(folder / (name + ending), error)) return folder / (name + ending);
    }
    return {};
  }

  [[noreturn]] static void refuse(const fs::path& file, const std::string& what) {
    throw dsnn::ConfigError(dsnn::SourceLocation{file.string()}, "the IDX file " + what, "fetch the data set again");
  }
};

class Mnist : public IdxDataset {
 public:
  Mnist(const dsnn::ConfigView& section, const dsnn::ComponentFactory& factory)
      : IdxDataset(section, factory,
                   {.name = "mnist",
                    .info = {.input = {1, 28, 28},
                             .classes = 10,
                             .class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
                    .mean = {0.1307},
                    .std = {0.3081},
                    .folders = {"mnist", "MNIST/raw"},
                    .how_to_get = "get it with tools/fetch-dataset mnist"}) {}
};

class FashionMnist : public IdxDataset {
 public:
  FashionMnist(const dsnn::ConfigView& section, const dsnn::ComponentFactory& factory)
      : IdxDataset(section, factory,
                   {.name = "fashion_mnist",
                    .info = {.input = {1, 28, 28},
                             .classes = 10,
                             .class_names = {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                                             "sneaker", "bag", "ankle boot"}},
                    .mean = {0.2860},
                    .std = {0.3530},
                    .folders = {"fashion-mnist", "fashion_mnist", "FashionMNIST/raw"},
                    .how_to_get = "install it with apt-get install dataset-fashion-mnist"}) {}
};

constexpr auto kMnist =
    dsnn::schema("mnist", "Handwritten digits: 60,000 + 10,000 grey images of 28 x 28, 10 classes (IDX files)");
constexpr auto kFashionMnist =
    dsnn::schema("fashion_mnist", "Clothes: 60,000 + 10,000 grey images of 28 x 28, 10 classes (IDX files)");

}  // namespace

DSNN_PLUGIN("mnist", "0.3.0", "Apache-2.0", dsnn::component<Mnist>(kMnist),
            dsnn::component<FashionMnist>(kFashionMnist));
