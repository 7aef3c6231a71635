#pragma once

/// Forward declarations of the types of this folder.
namespace at {
class Tensor;
}

namespace dsnn {

class Value;
class ConfigView;
class ComponentFactory;
class SearchSpace;
class Graph;
class Rng;
class Schema;
class Evaluator;
class FidelityScheduler;
class AcquisitionStrategy;
class Backbone;
class Operator;
class Optimizer;
class Dataset;
class Transform;
class Task;
class Loss;
class Scores;
class Layer;
class Schedule;
class Meter;
class CostModel;
class TrialContext;
struct Configuration;
struct TrialRequest;
struct Evaluation;
struct Metric;
struct LayerSpec;
struct Node;
struct Cost;

}  // namespace dsnn
