#include "support/random_graph.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "dsnn/graph_builder.h"
#include "dsnn/op_table.h"

namespace dsnn::test {
namespace {

/// Grows one graph by random rows of the op table.
class Grower {
 public:
  explicit Grower(uint64_t seed)
      : rng_(Rng(seed).fork("graph")), net_({rng_.integer(1, 4), rng_.integer(3, 7), rng_.integer(3, 7)}) {}

  Graph grow() {
    const int64_t wanted = rng_.integer(3, 12);
    for (int attempt = 0; attempt < 400 && last_ < wanted; ++attempt) {
      try {
        last_ = add(row());
      } catch (const std::invalid_argument&) {
        continue;  // its shapes or attributes do not fit here
      }
    }
    for (int64_t more = rng_.integer(0, 2); more > 0; --more) net_.output("extra" + std::to_string(more), some_node());
    return net_.finish(last_);
  }

 private:
  /// What the shortcuts are about is drawn more often.
  const Op& row() {
    static constexpr const char* kOften[] = {"relu", "max_pool", "add", "identity", "conv2d", "dropout"};
    if (rng_.uniform() < 0.5) return *find_op(kOften[rng_.integer(0, std::size(kOften) - 1)]);
    return op_table()[static_cast<size_t>(rng_.integer(1, static_cast<int64_t>(op_table().size()) - 1))];
  }

  int some_node() { return rng_.uniform() < 0.5 ? last_ : static_cast<int>(rng_.integer(0, last_)); }

  int add(const Op& op) {
    std::vector<int> from = {some_node()};
    const int64_t inputs = rng_.integer(op.least_inputs, std::min(op.most_inputs, op.least_inputs + 1));
    while (static_cast<int64_t>(from.size()) < inputs) from.push_back(some_node());
    const Attributes attributes = draw(op, net_.shape(from[0]));
    if (op.kind == Op::Kind::function) return net_.add_function(std::string(op.name), from, attributes);
    LayerSpec layer;
    layer.name = "l" + std::to_string(last_);
    layer.type = op.name;
    layer.attributes = attributes;
    return net_.add_layer(from[0], layer);
  }

  Attributes draw(const Op& op, const Shape& in) {
    Attributes out;
    for (const AttributeRule& rule : op.attributes) {
      const std::string key(rule.key);
      if (key == "in" || key == "channels") {
        out.set(key, op.name == "linear" ? in.back() : in[0]);
      } else if (rule.required || rng_.uniform() < 0.4) {
        out.set(key, draw(rule));
      }
    }
    return out;
  }

  Attributes::Item draw(const AttributeRule& rule) {
    switch (rule.type) {
      case AttributeType::integer:
        return whole(rule);
      case AttributeType::number:
        return rng_.uniform(std::max(rule.least, -1.0) + 0.01, std::min(rule.most, 1.0));
      case AttributeType::text:
        return choice(rule.choices);
      case AttributeType::pair:
        return rng_.uniform() < 0.5 ? Attributes::Item(whole(rule)) : std::vector<int64_t>{whole(rule), whole(rule)};
      case AttributeType::sides:
        return rng_.uniform() < 0.5 ? Attributes::Item(whole(rule))
                                    : std::vector<int64_t>{whole(rule), whole(rule), whole(rule), whole(rule)};
    }
    return int64_t{0};
  }

  int64_t whole(const AttributeRule& rule) {
    const auto least = static_cast<int64_t>(rule.least);
    return rng_.integer(least, std::min(static_cast<int64_t>(rule.most), least + 3));
  }

  std::string choice(std::string_view choices) {
    std::vector<std::string> words(1);
    for (char c : choices) {
      if (c == '|') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    return words[static_cast<size_t>(rng_.integer(0, static_cast<int64_t>(words.size()) - 1))];
  }

  Rng rng_;
  GraphBuilder net_;
  int last_ = 0;
};

}  // namespace

Graph random_graph(uint64_t seed) { return Grower(seed).grow(); }

}  // namespace dsnn::test
