#include "src/experiments/posterior_study.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "filter/random.hpp"
#include "src/datasets/dataset_file.hpp"
#include "src/datasets/generators.hpp"
#include "src/error.hpp"
#include "src/experiments/posterior_report.hpp"
#include "src/experiments/seed.hpp"
#include "src/experiments/study_config.hpp"
#include "src/flow_file.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

const std::vector<std::string> kSets = {"covtype", "german", "diabetis", "twonorm", "ringnorm",
                                        "banana",  "splice", "waveform", "image"};
constexpr const char* kStandIn = "covtype";  // what is generated under this name is not the set

/// Purposes of random numbers, for seed_for().
enum PosteriorPurpose : std::int64_t { generating, splitting, solving, drawing };

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A number for each set, whatever sets there are besides.
std::int64_t number_of_set(const std::string& name) {
  std::int64_t number = 0;
  for (const char c : name) number = (number * 131 + static_cast<unsigned char>(c)) % 1'000'003;
  return number;
}

PosteriorFlowOptions read_flow(const ConfigReader& section) {
  PosteriorFlowOptions options;
  options.jko.solver = Solver::lbfgs;
  options.jko.nodes = section.integer("nodes", 64, 100'000, 1024);
  options.jko.widths = {4, 4};
  if (section.has("widths")) options.jko.widths = section.integers("widths", 1, 512, 8);
  options.jko.iterations = static_cast<int>(section.integer("iterations", 1, 100'000, 100));
  options.jko.tolerance = section.number("tolerance", Range::positive(), 2e-5);
  options.first_step = section.number("first_tau", Range::positive(), options.first_step);
  options.growth = section.number("growth", Range::between(1.0, 1000.0), options.growth);
  options.steps = static_cast<int>(section.integer("steps", 1, 1000, options.steps));
  options.batch = section.integer("batch", 0, 1'000'000'000, 0);
  options.full_steps = static_cast<int>(section.integer("full_steps", 0, options.steps, options.full_steps));
  section.finish();
  return options;
}

/// N(0, 1/α) weights with α from its prior, as in the authors' code.
Points draw_prior(Index count, Index dimension, const PrecisionPrior& prior, std::uint64_t seed) {
  Points theta(count, dimension);
  fill_standard_normal(seed, 0, theta);
  Matrix uniform(count, 1);
  fill_uniform(seed, 0, uniform);
  // The shape is 1: an exponential law. Its small values would start particles at the end of the world.
  const Eigen::ArrayXd alpha = (-uniform.col(0).array().log() / prior.rate).max(1e-4);
  theta.array().colwise() /= alpha.sqrt();
  theta.rightCols(1) = alpha.log().matrix();
  return theta;
}

std::vector<double> to_list(const Vector& v) { return {v.begin(), v.end()}; }

}  // namespace

PosteriorStudy::PosteriorStudy(const StudyOptions& options)
    : seed_(options.seed), data_(options.data), save_(options.save) {
  const StudyConfig config(options, "posterior");
  const ConfigReader& root = config.root();
  if (!options.dimensions.empty() || root.has("dimensions")) {
    throw InputError("--dims", 0, "", "the data sets have their own dimensions in this study");
  }
  repeats_ = config.repeats(3);
  methods_ = config.methods({"jko", "svgd", "nuts"});

  const bool named = root.has("sets");
  for (const std::string& name : named ? root.texts("sets", 100) : kSets) {
    const bool found = !data_.empty() && find_dataset(data_, name).has_value();
    // Unless they are asked for, those that cannot be had are left out, and the large stand-in too.
    if (!named && !found && (name == kStandIn || !can_generate(name))) continue;
    if (!found && !can_generate(name)) {
      root.fail("sets", data_.empty() ? fmt::format("'{:.40}' has to be read: give its folder by --data", name)
                                      : fmt::format("there is no file of '{:.40}' in {}", name, data_));
    }
    sets_.push_back({name, !found});
  }
  standardised_ = root.has("standardise") ? root.texts("standardise", 100) : std::vector<std::string>{"splice"};
  intercept_ = root.choice("intercept", {"yes", "no"}, "no") == "yes";
  samples_ = root.integer("samples", 16, 10'000'000, 4096);
  train_share_ = root.number("train_share", Range::between(0.01, 0.99), 0.8);
  prior_ = {1.0, root.number("alpha_rate", Range::positive(), 0.01)};
  flow_ = read_flow(root.section_or_empty("jko"));

  const ConfigReader svgd = root.section_or_empty("svgd");
  svgd_.particles = svgd.integer("particles", 2, 20'000, 100);
  svgd_.iterations = static_cast<int>(svgd.integer("iterations", 1, 10'000'000, 6000));
  svgd_.batch = svgd.integer("batch", 0, 1'000'000'000, 512);
  svgd_.options.step = svgd.number("step", Range::positive(), 0.01);
  svgd.finish();

  const ConfigReader nuts = root.section_or_empty("nuts");
  nuts_chains_ = static_cast<int>(nuts.integer("chains", 1, 1000, 4));
  nuts_.warmup = static_cast<int>(nuts.integer("warmup", 0, 1'000'000, 500));
  nuts_most_numbers_ = nuts.number("most_numbers", Range::positive(), 1e6);
  nuts.finish();
  nuts_.draws = static_cast<int>(std::max<Index>((samples_ + nuts_chains_ - 1) / nuts_chains_, 4));
  config.finish();
}

ordered_json PosteriorStudy::settings() const {
  ordered_json generated = ordered_json::array();
  for (const Set& set : sets_) {
    if (set.generated) generated.push_back(set.name);
  }
  return {{"study", "posterior"},
          {"seed", seed_},
          {"generated", generated},
          {"standardise", standardised_},
          {"intercept", intercept_},
          {"samples", samples_},
          {"train_share", train_share_},
          {"alpha_rate", prior_.rate},
          {"jko",
           {{"nodes", flow_.jko.nodes},
            {"widths", flow_.jko.widths},
            {"iterations", flow_.jko.iterations},
            {"tolerance", flow_.jko.tolerance},
            {"first_tau", flow_.first_step},
            {"growth", flow_.growth},
            {"steps", flow_.steps},
            {"batch", flow_.batch},
            {"full_steps", flow_.full_steps}}},
          {"svgd",
           {{"particles", svgd_.particles},
            {"iterations", svgd_.iterations},
            {"batch", svgd_.batch},
            {"step", svgd_.options.step}}},
          {"nuts", {{"chains", nuts_chains_}, {"warmup", nuts_.warmup}}}};
}

std::vector<StudyTask> PosteriorStudy::tasks() const {
  // Seconds on one core, measured once, and roughly.
  const auto cost = [](const Set& set, const std::string& method) {
    const double large = set.name == "covtype" || set.name == "splice" ? 4.0 : 1.0;
    return large * (method == "jko" ? 2.0 : method == "svgd" ? 3.0 : 4.0);
  };
  std::vector<StudyTask> tasks;
  for (const Set& set : sets_) {
    for (Index repeat = 0; repeat < repeats_; ++repeat) {
      for (const std::string& method : methods_) {
        const Entry entry{set, repeat, method};
        tasks.push_back({fmt::format("{}-r{:02}-{}", set.name, repeat, method),
                         fmt::format("{}, split {}, {}", set.name, repeat + 1, method), cost(set, method),
                         [this, entry] { return run(entry); }});
      }
    }
  }
  return tasks;
}

Split PosteriorStudy::split_of(const Entry& entry) const {
  const std::int64_t set = number_of_set(entry.set.name);
  const Dataset data = load_dataset(data_, entry.set.name, seed_for(seed_, {set, generating}));
  Split split =
      split_dataset(data, train_share_, seed_for(seed_, {set, splitting}), static_cast<std::uint64_t>(entry.repeat));
  if (contains(standardised_, entry.set.name)) standardise(split);
  if (intercept_) {
    append_ones(split.train);
    append_ones(split.test);
  }
  return split;
}

Points PosteriorStudy::draw(const Entry& entry, const LogisticPosterior& posterior, ordered_json& result) const {
  const auto seed = [&](PosteriorPurpose purpose) {
    return seed_for(seed_, {number_of_set(entry.set.name), entry.repeat, purpose});
  };
  if (entry.method == "jko") {
    const PosteriorFlow flow = posterior_flow(posterior, flow_, seed(solving));
    result["steps"] = flow.steps;
    result["iterations"] = flow.iterations;
    result["retries"] = flow.retries;
    result["passes"] = flow.passes;
    if (!save_.empty()) save_flow(save_, flow.filter, flow.model);
    Points theta = flow.filter.sample(samples_, seed(drawing));
    const Eigen::ArrayXd moved = theta.colwise().mean().transpose() - flow.start_mean;
    result["moved"] = (moved / flow.start_deviation.array()).abs().maxCoeff();
    return theta;
  }
  const Index d = posterior.dimension();
  if (entry.method == "svgd") {
    Svgd svgd(draw_prior(svgd_.particles, d, prior_, seed(drawing)), svgd_.options);
    const Index rows = svgd_.batch > 0 ? svgd_.batch : posterior.rows();
    for (int k = 0; k < svgd_.iterations; ++k) {
      svgd.step(posterior.minibatch(rows, seed(solving), static_cast<std::uint64_t>(k)));
    }
    return svgd.particles();
  }
  Points start = posterior_start(posterior).sample(nuts_chains_, seed(drawing), 0);
  NutsOptions options = nuts_;
  options.seed = seed(solving);
  const NutsResult chains = sample_nuts(posterior, start, options);
  const ChainDiagnostics worst = chains.worst();
  result["r_hat"] = worst.r_hat;
  result["bulk_ess"] = worst.bulk_ess;
  result["divergences"] = chains.divergences;
  return chains.all();
}

ordered_json PosteriorStudy::run(const Entry& entry) const {
  const Split split = split_of(entry);
  ordered_json result = {{"set", entry.set.name},
                         {"repeat", entry.repeat},
                         {"method", entry.method},
                         {"train_rows", split.train.rows()},
                         {"features", split.train.features()}};
  if (entry.method == "nuts" && static_cast<double>(split.train.x.size()) > nuts_most_numbers_) {
    result["skipped"] = "too large";
    return result;
  }
  Stopwatch watch;
  watch.start();
  const LogisticPosterior posterior(split.train.x, split.train.y, prior_);
  const Points theta = draw(entry, posterior, result);
  watch.stop();

  const Vector p = predictive_probability(split.test.x, theta);
  const Eigen::ArrayXd right = 0.5 + split.test.y.array() * (p.array() - 0.5);
  const Vector mean = theta.colwise().mean();
  const Vector variance =
      (theta.rowwise() - mean.transpose()).colwise().squaredNorm() / static_cast<double>(theta.rows());
  result["accuracy"] = (right > 0.5).cast<double>().mean();
  result["log_likelihood"] = right.max(1e-300).log().mean();
  result["seconds"] = watch.total_seconds();
  result["mean"] = to_list(mean);
  result["sd"] = to_list(variance.cwiseSqrt());
  return result;
}

StudyReport PosteriorStudy::report(const std::vector<ordered_json>& results) const {
  std::vector<PosteriorSet> sets;
  for (const Set& set : sets_) sets.push_back({set.name, !(set.generated && set.name == kStandIn)});
  return posterior_report(sets, methods_, repeats_, results);
}

}  // namespace jko
