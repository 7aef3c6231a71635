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
  std::vector<std::string> missing_files(const fs::path& folder, bool test) const override {
    std::vector<std::string> missing;
    for (const char* part : {kImages, kLabels}) {
      const std::string name = prefix(test) + part;
      if (file(folder, name).empty()) missing.push_back(name + ".gz");
    }
    return missing;
  }

  int64_t count(const fs::path& folder, bool test) const override {
    const fs::path image_file = file(folder, prefix(test) + kImages);
    const fs::path label_file = file(folder, prefix(test) + kLabels);
    const std::vector<int64_t> images = dsnn_mnist::idx_shape(image_file, 3);
    check_shapes(image_file, images, label_file, dsnn_mnist::idx_shape(label_file, 1));
    return images[0];
  }

  dsnn::ImageTable read(const fs::path& folder, bool test) const override {
    const fs::path image_file = file(folder, prefix(test) + kImages);
    const fs::path label_file = file(folder, prefix(test) + kLabels);
    dsnn_mnist::IdxFile images = dsnn_mnist::read_idx(image_file, 3);
    const dsnn_mnist::IdxFile labels = dsnn_mnist::read_idx(label_file, 1);
    check_shapes(image_file, images.shape, label_file, labels.shape);
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
  static constexpr const char* kImages = "-images-idx3-ubyte";
  static constexpr const char* kLabels = "-labels-idx1-ubyte";

  static void check_shapes(const fs::path& image_file, const std::vector<int64_t>& images, const fs::path& label_file,
                           const std::vector<int64_t>& labels) {
    if (images[1] != 28 || images[2] != 28) {
      refuse(image_file,
             "holds images of " + std::to_string(images[1]) + " x " + std::to_string(images[2]) + ", expected 28 x 28");
    }
    if (images[0] != labels[0]) {
      refuse(label_file, "holds " + std::to_string(labels[0]) + " labels for " + std::to_string(images[0]) + " images");
    }
  }

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
