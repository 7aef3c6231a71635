#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <numeric>
#include <set>

#include "dsnn/dataset.h"
#include "dsnn/error.h"
#include "support/components.h"
#include "support/idx_files.h"
#include "support/temporary_folder.h"

namespace dsnn {
namespace {

std::unique_ptr<Dataset> make(Value section, uint64_t split_seed = 7) {
  auto dataset = test::components().factory().make<Dataset>(test::view_of(section, "dataset"));
  dataset->set_split_seed(split_seed);
  return dataset;
}

Value section(const std::string& type, const std::string& keys = "") {
  return test::section_of(Kind::dataset, "{\"type\":\"" + type + "\"" + (keys.empty() ? "" : ",") + keys + "}");
}

std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

std::string bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

/// Identifies samples by their pixels.
std::set<std::string> samples(const Dataset& dataset, Split split) {
  std::set<std::string> found;
  for (int64_t i = 0; i < dataset.size(split); ++i) {
    const std::vector<int64_t> one = {i};
    found.insert(bytes_of(dataset.load(split, one, {}).input));
  }
  return found;
}

std::string config_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& e) {
    return to_string(e.diagnostics().front().where) + ": " + e.what();
  }
  return "no error";
}

// ---- every data set whose files are on this machine ------------------------------------------------------------

class AnyDataset : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string missing = config_error([&] { make(section(GetParam()))->size(Split::train); });
    if (missing.find("were not found") != std::string::npos)
      GTEST_SKIP() << GetParam() << " is not on this machine: " << missing;
    ASSERT_EQ(missing, "no error");
  }
};

std::vector<std::string> datasets() {
  std::vector<std::string> names;
  for (const plugin::ComponentInfo* component : test::components().catalog().of(Kind::dataset)) {
    if (component->name.find('.') == std::string::npos) names.push_back(component->name);  // fixtures and third parties
  }
  return names;
}

TEST_P(AnyDataset, LoadsBatchesOfItsDeclaredShape) {
  const auto dataset = make(section(GetParam()));
  const DatasetInfo info = dataset->info();
  const Batch batch = dataset->load(Split::train, first(16), {});
  ASSERT_EQ(batch.input.dim(), 4);
  EXPECT_EQ(batch.input.size(0), 16);
  EXPECT_EQ(Shape(batch.input.sizes().begin() + 1, batch.input.sizes().end()), info.input);
  EXPECT_EQ(batch.input.scalar_type(), at::kFloat);
  EXPECT_EQ(batch.target.scalar_type(), at::kLong);
  for (int64_t i = 0; i < 16; ++i) EXPECT_LT(batch.target.const_data_ptr<int64_t>()[i], info.classes);
}

TEST_P(AnyDataset, BatchesOwnStorageAlignedTo64Bytes) {
  const auto dataset = make(section(GetParam()));
  for (int i = 0; i < 4; ++i) {
    const Batch batch = dataset->load(Split::train, first(3), {});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(batch.input.const_data_ptr()) % 64, 0U);
  }
}

TEST_P(AnyDataset, ASampleDoesNotDependOnItsBatch) {
  const auto dataset = make(
      section(GetParam(), R"("transforms":[{"type":"random_crop","padding":4},{"type":"horizontal_flip","p":0.5}])"));
  const LoadContext context{.seed = 3, .epoch = 2, .training = true};
  const Batch together = dataset->load(Split::train, first(8), context);
  for (int64_t i = 0; i < 8; ++i) {
    const std::vector<int64_t> one = {i};
    EXPECT_EQ(bytes_of(dataset->load(Split::train, one, context).input),
              bytes_of(together.input.slice(0, i, i + 1).contiguous()));
  }
}

TEST_P(AnyDataset, AugmentationChangesWithTheEpochAndActsInTrainingOnly) {
  const auto dataset = make(section(GetParam(), R"("transforms":[{"type":"random_crop","padding":4}])"));
  const auto load = [&](int64_t epoch, bool training) {
    return bytes_of(dataset->load(Split::train, first(8), {.seed = 3, .epoch = epoch, .training = training}).input);
  };
  EXPECT_NE(load(0, true), load(1, true));
  EXPECT_EQ(load(1, true), load(1, true));
  EXPECT_EQ(load(0, false), load(1, false));
  EXPECT_NE(load(0, false), load(0, true));
}

TEST_P(AnyDataset, TheSplitHasTheAskedSizesAndFollowsTheStudySeed) {
  const Value halves = section(GetParam(), R"("validation_fraction":0.25,"train_fraction":0.5)");
  const auto dataset = make(halves);
  const int64_t all = make(section(GetParam(), R"("validation_fraction":0.0)"))->size(Split::train);
  EXPECT_EQ(dataset->size(Split::validation), all / 4);
  EXPECT_EQ(dataset->size(Split::train), (all - all / 4) / 2);
  const auto labels = [&](uint64_t seed) {
    return bytes_of(make(halves, seed)->load(Split::validation, first(64), {}).target);
  };
  EXPECT_EQ(labels(1), labels(1));
  EXPECT_NE(labels(1), labels(2));
}

TEST_P(AnyDataset, SmallerTrainingPartsAreInsideLargerOnes) {
  const auto small = make(section(GetParam(), R"("validation_fraction":0.2,"train_fraction":0.01)"));
  const auto large = make(section(GetParam(), R"("validation_fraction":0.2,"train_fraction":0.5)"));
  const auto indices = first(small->size(Split::train));
  EXPECT_EQ(bytes_of(small->load(Split::train, indices, {}).input),
            bytes_of(large->load(Split::train, indices, {}).input));
  EXPECT_EQ(bytes_of(small->load(Split::validation, first(32), {}).input),
            bytes_of(large->load(Split::validation, first(32), {}).input));
}

TEST_P(AnyDataset, NormalizedTrainingPixelsHaveMeanZeroAndDeviationOne) {
  const auto dataset = make(section(GetParam(), R"("transforms":[{"type":"normalize","mean":null,"std":null}])"));
  const at::Tensor pixels = dataset->load(Split::train, first(2000), {}).input;
  EXPECT_NEAR(pixels.mean().item<double>(), 0, 0.05);
  EXPECT_NEAR(pixels.std().item<double>(), 1, 0.05);
}

TEST_P(AnyDataset, CountsItsSamplesWithoutReadingThem) {
  const auto dataset = make(section(GetParam(), R"("validation_fraction":0.0)"));
  const int64_t count = dataset->size(Split::train);
  EXPECT_TRUE(dataset->checksums().empty()) << "nothing was decoded";
  const std::vector<int64_t> last = {count - 1};
  EXPECT_EQ(dataset->load(Split::train, last, {}).target.numel(), 1);
  EXPECT_EQ(dataset->size(Split::train), count);
}

INSTANTIATE_TEST_SUITE_P(Installed, AnyDataset, testing::ValuesIn(datasets()),
                         [](const auto& param) { return param.param; });

// ---- small files made here ---------------------------------------------------------------------------------------

class SmallDigits : public testing::Test {
 protected:
  void SetUp() override { test::write_digits(folder_.path(), 200, 50); }
  Value digits(const std::string& keys = "") const {
    return section("mnist", "\"root\":\"" + folder_.path().string() + "\"" + (keys.empty() ? "" : ",") + keys);
  }
  std::string error() const {
    return config_error([&] { make(digits())->size(Split::train); });
  }
  void replace(const std::string& name, const std::vector<uint8_t>& bytes) const {
    test::write_bytes(folder_.path() / name, bytes);
  }

  test::TemporaryFolder folder_;
};

TEST_F(SmallDigits, ValidationAndTrainingPartsAreDisjointAndCoverAll) {
  const auto dataset = make(digits(R"("validation_fraction":0.2)"));
  const auto training = samples(*dataset, Split::train), validation = samples(*dataset, Split::validation);
  EXPECT_EQ(training.size(), 160U);
  EXPECT_EQ(validation.size(), 40U);
  for (const std::string& sample : validation) EXPECT_EQ(training.count(sample), 0U);
  EXPECT_EQ(dataset->size(Split::test), 50);
}

TEST_F(SmallDigits, ChecksumsNameWhatWasReadAndFollowItsContent) {
  const auto first = make(digits());
  EXPECT_TRUE(first->checksums().empty());
  first->load(Split::train, {}, {});
  const auto training = first->checksums();
  ASSERT_EQ(training.size(), 1U);
  EXPECT_EQ(training.at("training files").size(), 64U);
  first->load(Split::test, {}, {});
  EXPECT_EQ(first->checksums().size(), 2U);
  auto labels = test::make_digits(200, 1).labels;
  labels[0] = labels[0] == 0 ? 1 : 0;
  replace("train-labels-idx1-ubyte", test::idx_bytes({200}, labels));
  const auto changed = make(digits());
  changed->load(Split::train, {}, {});
  EXPECT_NE(changed->checksums(), training);
}

TEST_F(SmallDigits, TheTestFilesAreReadOnlyWhenAsked) {
  replace("t10k-images-idx3-ubyte", {1, 2, 3});
  EXPECT_EQ(error(), "no error");
  EXPECT_NE(config_error([&] { make(digits())->size(Split::test); }), "no error");
}

TEST_F(SmallDigits, AMissingFileIsNamedWithWhatWasSearched) {
  std::filesystem::remove(folder_.path() / "train-labels-idx1-ubyte");
  EXPECT_NE(error().find("were not found (searched: " + folder_.path().string()), std::string::npos) << error();
}

TEST_F(SmallDigits, AFolderThatLacksSomeOfItsFilesIsNamedWithThem) {
  std::filesystem::remove(folder_.path() / "train-labels-idx1-ubyte");
  EXPECT_NE(error().find("; " + folder_.path().string() + " lacks train-labels-idx1-ubyte.gz"), std::string::npos)
      << error();
}

TEST_F(SmallDigits, AShareThatRoundsToNoImageIsNoImage) {
  const auto sizes = [&](const std::string& keys) {
    const auto dataset = make(digits(keys));
    return std::pair(dataset->size(Split::train), dataset->size(Split::validation));
  };
  EXPECT_EQ(sizes(R"("validation_fraction":0.999)"), std::pair(int64_t{0}, int64_t{200}));
  EXPECT_EQ(sizes(R"("validation_fraction":0.2,"train_fraction":0.001)"), std::pair(int64_t{0}, int64_t{40}));
  EXPECT_EQ(sizes(R"("validation_fraction":0.002,"train_fraction":0.004)"), std::pair(int64_t{1}, int64_t{0}));
}

TEST_F(SmallDigits, FilesThatChangeBetweenCountingAndReadingAreNotUsed) {
  const auto dataset = make(digits());
  dataset->size(Split::train);
  test::write_digits(folder_.path(), 180, 50);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::string error = config_error([&] { dataset->load(Split::train, {}, {}); });
    EXPECT_NE(error.find("changed while they were in use: counted 200 images, now there are 180"), std::string::npos)
        << error;
  }
}

TEST(DataFolders, AVariableThatNamesNoFolderIsRefused) {
  const char* before = std::getenv("DSNN_DATA");
  const std::string kept = before == nullptr ? "" : before;
  setenv("DSNN_DATA", "/no/such/folder", 1);
  const std::string error = config_error([&] { make(section("mnist"))->size(Split::train); });
  EXPECT_EQ(error, "DSNN_DATA: got '/no/such/folder', which is no folder that exists");
  before == nullptr ? unsetenv("DSNN_DATA") : setenv("DSNN_DATA", kept.c_str(), 1);
}

TEST_F(SmallDigits, ADamagedHeaderIsRefusedBeforeAnyAllocation) {
  const auto images = [&](const std::vector<uint8_t>& bytes) {
    replace("train-images-idx3-ubyte", bytes);
    return error();
  };
  EXPECT_NE(images({0, 0, 9, 3}).find("wrong magic number"), std::string::npos);
  EXPECT_NE(images({0, 0, 8, 1, 0, 0, 0, 1, 7}).find("has 1 dimensions, expected 3"), std::string::npos);
  EXPECT_NE(images(test::idx_bytes({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, {})).find("more than 1 GiB"),
            std::string::npos);
  EXPECT_NE(images(test::idx_bytes({200, 28, 28}, std::vector<uint8_t>(100))).find("ends at byte 116"),
            std::string::npos)
      << images({});
  EXPECT_NE(images(test::idx_bytes({1, 28, 28}, std::vector<uint8_t>(785))).find("more bytes than its header says"),
            std::string::npos);
  EXPECT_NE(images(test::idx_bytes({1, 8, 8}, std::vector<uint8_t>(64))).find("8 x 8, expected 28 x 28"),
            std::string::npos);
  EXPECT_NE(images(test::idx_bytes({3, 28, 28}, std::vector<uint8_t>(3 * 784))).find("200 labels for 3 images"),
            std::string::npos);
}

TEST_F(SmallDigits, ALabelOutsideTheClassesIsRefused) {
  replace("train-labels-idx1-ubyte", test::idx_bytes({200}, std::vector<uint8_t>(200, 10)));
  const std::string label = config_error([&] { make(digits())->load(Split::train, {}, {}); });
  EXPECT_NE(label.find("holds the label 10"), std::string::npos) << label;
}

TEST_F(SmallDigits, ACutOrFlippedGzipFileIsNeverUsedSilently) {
  const std::vector<uint8_t> plain = test::idx_bytes({200}, test::make_digits(200, 1).labels);
  const std::filesystem::path file = folder_.path() / "train-labels-idx1-ubyte.gz";
  std::filesystem::remove(folder_.path() / "train-labels-idx1-ubyte");
  gzFile out = gzopen(file.c_str(), "wb");
  ASSERT_EQ(gzwrite(out, plain.data(), static_cast<unsigned>(plain.size())), static_cast<int>(plain.size()));
  gzclose(out);
  std::vector<uint8_t> packed(std::filesystem::file_size(file));
  std::ifstream(file, std::ios::binary)
      .read(reinterpret_cast<char*>(packed.data()), static_cast<std::streamsize>(packed.size()));

  const auto labels = [&] {
    const auto dataset = make(digits(R"("validation_fraction":0.0)"));
    return bytes_of(dataset->load(Split::train, first(dataset->size(Split::train)), {}).target);
  };
  const std::string good = labels();
  int detected = 0;
  for (size_t bit = 0; bit < packed.size() * 8; ++bit) {
    std::vector<uint8_t> flipped = packed;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    test::write_bytes(file, flipped);
    std::string got;
    if (config_error([&] { got = labels(); }) != "no error") {
      ++detected;
    } else {
      EXPECT_EQ(got, good) << "bit " << bit;  // flags and time stamps of gzip's own header change nothing
    }
  }
  EXPECT_GT(detected, 0);
  for (size_t cut = 0; cut < packed.size(); ++cut) {
    test::write_bytes(file, {packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(cut)});
    EXPECT_NE(error(), "no error") << cut;
  }
}

TEST(Cifar10Records, ARecordFileOfTheWrongLengthIsRefused) {
  const test::TemporaryFolder folder;
  const Value cifar = section("cifar10", "\"root\":\"" + folder.path().string() + "\"");
  const auto error = [&] { return config_error([&] { make(cifar)->size(Split::train); }); };
  test::write_bytes(folder.path() / "data_batch_1.bin", std::vector<uint8_t>(3073 * 4 + 1));
  EXPECT_NE(error().find("expected a multiple of 3073"), std::string::npos) << error();
  std::vector<uint8_t> wrong_label(3073 * 4);
  wrong_label[3073] = 12;
  test::write_bytes(folder.path() / "data_batch_1.bin", wrong_label);
  const std::string label = config_error([&] { make(cifar)->load(Split::train, {}, {}); });
  EXPECT_NE(label.find("holds the label 12 at byte 3073"), std::string::npos) << label;
  test::write_bytes(folder.path() / "data_batch_1.bin", {});
  EXPECT_NE(error().find("has 0 bytes"), std::string::npos) << error();
}

TEST(Cifar10Records, TakesTheFirstTrainingFilesAndRefusesAGapBetweenThem) {
  const test::TemporaryFolder folder;
  const auto write = [&](const char* name) { test::write_bytes(folder.path() / name, std::vector<uint8_t>(3073 * 5)); };
  const Value cifar = section("cifar10", "\"validation_fraction\":0.0,\"root\":\"" + folder.path().string() + "\"");
  write("data_batch_1.bin");
  write("data_batch_2.bin");
  EXPECT_EQ(make(cifar)->size(Split::train), 10);
  write("data_batch_5.bin");
  const std::string gap = config_error([&] { make(cifar)->size(Split::train); });
  EXPECT_NE(gap.find(folder.path().string() + " lacks data_batch_3.bin, data_batch_4.bin"), std::string::npos) << gap;
  write("data_batch_3.bin");
  write("data_batch_4.bin");
  EXPECT_EQ(make(cifar)->size(Split::train), 25);
}

TEST(NormalizeTransform, NeedsOneValuePerChannel) {
  const Value cifar = section("cifar10", R"("transforms":[{"type":"normalize","mean":[0.5],"std":[0.5]}])");
  EXPECT_NE(config_error([&] { make(cifar); }).find("one value per channel: expected 3, got 1"), std::string::npos);
}

}  // namespace
}  // namespace dsnn
