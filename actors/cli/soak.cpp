#include "actors/cli/soak.hpp"

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/soak_gateway.hpp"
#include "actors/cli/soak_reader.hpp"
#include "actors/cli/soak_writer.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <thread>

namespace tidegate::cli {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t visitors = 10;          // groups that visit at the same time
constexpr std::size_t shown_violations = 20;  // of those that were found
constexpr std::size_t known_batch_ends = 32;  // of each partition
constexpr std::int64_t longest_absence = 4;   // cycles
constexpr std::uint64_t away = 1, disturbance = 2, first_visit = 3, second_visit = 4;  // subjects of random numbers

double seconds_since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

struct totals {
  std::int64_t resumed = 0;  // visits of groups that had a position
  std::int64_t records = 0;  // checked, by groups and by the reader of everything
  std::vector<violation> violations;
};

/// Makes SIGINT and SIGTERM stop the soak. They are blocked before any thread starts, so that every thread inherits it.
class stop_signals {
 public:
  explicit stop_signals(soak_place& place) {
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    waiting_ = std::jthread([stops, &place](const std::stop_token& ends) {
      constexpr timespec tick{0, 100'000'000};
      while (!ends.stop_requested())
        if (sigtimedwait(&stops, nullptr, &tick) > 0) place.stopping = true;
    });
  }

 private:
  std::jthread waiting_;
};

/// Who is not there at the start is named soon: only what was there may be away as long as `patience`.
void check_brokers(const soak_place& place) {
  cluster_options where;
  where.bootstrap = place.brokers;
  where.timeout_ms = 10'000;
  try {
    cluster(where).topics({place.topic});
  } catch (const std::runtime_error& why) {
    throw soak_failure("no broker answers at " + place.brokers + ": " + why.what());
  }
}

class soak {
 public:
  explicit soak(const soak_options& wanted) : wanted_(wanted), gateway_(wanted.serve, wanted.host, wanted.port, log()) {
    place_.brokers = wanted.brokers.empty() ? wanted.host + ":" + std::to_string(wanted.port) : wanted.brokers;
    place_.topic = "soak-" + std::to_string(wanted.seed);
    place_.partitions = wanted.partitions;
    for (std::int32_t p = 0; p < wanted.partitions; ++p) logs_.emplace_back(p, wanted.partitions);
    batch_ends_.resize(logs_.size());
    for (std::int32_t g = 0; g < wanted.groups; ++g) {
      soak_group group{place_.topic + "-group-" + std::to_string(g), "", {}, 0};
      group.position.assign(logs_.size(), -1);
      if (g % 5 == 1) group.instance = group.name + "-static";
      groups_.push_back(std::move(group));
    }
  }

  int run() {
    std::cout << std::fixed << std::setprecision(1);
    std::cout << "soak seed=" << wanted_.seed << " brokers=" << place_.brokers << " topic=" << place_.topic
              << " cycles=" << wanted_.cycles << " groups=" << wanted_.groups << " partitions=" << wanted_.partitions
              << " data_dir=" << wanted_.data_dir << std::endl;
    const auto start = clock::now();
    std::string failure;
    try {
      run_cycles();
    } catch (const soak_failure& why) {
      failure = why.what();
    }
    const bool passed = failure.empty() && sum_.violations.empty();
    report_violations();
    if (!failure.empty()) std::cout << "failure reason=\"" << failure << "\"\n";
    std::cout << "verdict=" << (!passed ? "failed" : place_.stopping ? "stopped" : "passed")
              << " cycles=" << cycles_done_ << " groups_resumed=" << sum_.resumed << " records_checked=" << sum_.records
              << " acknowledged=" << acknowledged_ << " unacknowledged=" << abandoned_
              << " violations=" << sum_.violations.size() << " seed=" << wanted_.seed
              << " seconds=" << seconds_since(start) << std::endl;
    if (!passed && owns_gateway()) std::cout << "kept data=" << wanted_.data_dir << " log=" << log() << std::endl;
    if (passed && wanted_.removes_data) remove_data();
    return passed ? 0 : 1;
  }

 private:
  [[nodiscard]] std::string log() const { return wanted_.data_dir + ".log"; }
  [[nodiscard]] std::string kill_log() const { return wanted_.data_dir + ".kill.log"; }
  [[nodiscard]] bool owns_gateway() const { return wanted_.brokers.empty(); }

  [[nodiscard]] bool goes_on() const { return sum_.violations.empty() && !place_.stopping; }

  void run_cycles() {
    if (owns_gateway())
      gateway_.start(place_);
    else
      check_brokers(place_);
    create_topic(place_);
    soak_writer writer(place_, logs_);
    for (std::int64_t number = 1; number <= wanted_.cycles && goes_on(); ++number) run_cycle(number, writer);
    if (owns_gateway()) gateway_.stop();
  }

  void run_cycle(std::int64_t number, soak_writer& writer) {
    const auto start = clock::now();
    const auto before = sum_;
    const auto acknowledged = acknowledged_, abandoned = abandoned_;
    writer.write(wanted_.records);
    settle(writer);
    if (goes_on()) visit_groups(number, first_visit);
    if (goes_on()) {
      choose_who_stays_away(number);
      disturb(number, writer);
    }
    if (goes_on()) settle(writer);
    if (goes_on()) visit_groups(number, second_visit);
    forget();
    if (!goes_on()) return;
    ++cycles_done_;
    std::cout << "cycle=" << number << " groups_resumed=" << sum_.resumed - before.resumed
              << " groups_away=" << absent(number) << " records_checked=" << sum_.records - before.records
              << " acknowledged=" << acknowledged_ - acknowledged << " unacknowledged=" << abandoned_ - abandoned
              << " seconds=" << seconds_since(start) << std::endl;
  }

  /// Waits for the writer and reads everything that is new.
  void settle(soak_writer& writer) {
    writer.finish();
    acknowledged_ = writer.acknowledged();
    abandoned_ = writer.abandoned();
    if (!goes_on()) return;
    add(audit(place_, logs_));
    for (std::size_t p = 0; p < logs_.size(); ++p) {
      batch_ends_[p].push_back(logs_[p].end());
      if (batch_ends_[p].size() > known_batch_ends) batch_ends_[p].erase(batch_ends_[p].begin());
    }
  }

  void add(visit_result one) {
    sum_.records += one.records;
    for (auto& wrong : one.violations) sum_.violations.push_back(std::move(wrong));
  }

  void choose_who_stays_away(std::int64_t cycle) {
    auto random = random_of(wanted_.seed, static_cast<std::uint64_t>(cycle), away);
    for (auto& group : groups_) {
      const bool leaves_for_long = std::uniform_int_distribution<int>(0, 4)(random) == 0;
      const auto absence = std::uniform_int_distribution<std::int64_t>(1, longest_absence)(random);
      if (leaves_for_long && group.away_until <= cycle) group.away_until = std::min(cycle + absence, wanted_.cycles);
    }
  }

  [[nodiscard]] std::int64_t absent(std::int64_t cycle) const {
    return std::ranges::count_if(groups_, [&](const soak_group& g) { return g.away_until > cycle; });
  }

  [[nodiscard]] std::vector<std::int64_t> next_position(std::int64_t cycle, std::uint64_t subject, std::size_t index) {
    const auto about = subject + 4 * static_cast<std::uint64_t>(index);
    auto random = random_of(wanted_.seed, static_cast<std::uint64_t>(cycle), about);
    std::vector<std::int64_t> next;
    for (std::size_t p = 0; p < logs_.size(); ++p) {
      const auto from = std::max<std::int64_t>(groups_[index].position[p], 0);
      next.push_back(choose_position(random, from, logs_[p].end(), batch_ends_[p]));
    }
    return next;
  }

  void visit_groups(std::int64_t cycle, std::uint64_t subject);
  void disturb(std::int64_t round, soak_writer& writer);
  void run_kill_command(std::int64_t round, bool is_gateway_up, soak_writer& writer, std::int64_t& to_write);

  /// What lies below the position of every group is never asked for again.
  void forget() {
    for (std::size_t p = 0; p < logs_.size(); ++p) {
      const auto position = [p](const soak_group& g) { return g.position[p]; };
      const auto lowest = position(*std::ranges::min_element(groups_, {}, position));
      logs_[p].forget_below(lowest);
    }
  }

  void report_violations() const {
    const auto shown = std::min(sum_.violations.size(), shown_violations);
    for (std::size_t i = 0; i < shown; ++i) {
      const auto& wrong = sum_.violations[i];
      std::cout << "violation group=" << wrong.reader << " partition=" << wrong.partition << " wanted=\""
                << wrong.wanted << "\" got=\"" << wrong.got << "\"\n";
    }
  }

  void remove_data() {
    std::error_code ignored;
    std::filesystem::remove_all(wanted_.data_dir, ignored);
    std::filesystem::remove(log(), ignored);
    std::filesystem::remove(kill_log(), ignored);
  }

  const soak_options& wanted_;
  soak_place place_;
  stop_signals signals_{place_};
  soak_gateway gateway_;
  std::vector<partition_log> logs_;
  std::vector<std::vector<std::int64_t>> batch_ends_;
  std::vector<soak_group> groups_;
  totals sum_;
  std::int64_t cycles_done_ = 0;
  std::int64_t acknowledged_ = 0;
  std::int64_t abandoned_ = 0;
};

/// Every group that is not away, some at a time; the rest after a failure or a violation is left out.
void soak::visit_groups(std::int64_t cycle, std::uint64_t subject) {
  std::mutex guard;  // of everything below
  std::size_t next = 0;
  std::string failure;
  const auto work = [&] {
    std::unique_lock lock(guard);
    while (next < groups_.size() && failure.empty() && sum_.violations.empty() && !place_.stopping) {
      auto& group = groups_[next];
      const auto position = next_position(cycle, subject, next++);
      if (group.away_until > cycle) continue;
      const bool resumes = group.position.front() >= 0;
      lock.unlock();
      visit_result result;
      std::string trouble;
      try {
        result = visit(place_, logs_, group, position);
      } catch (const std::exception& why) {
        trouble = why.what();
      }
      lock.lock();
      add(std::move(result));
      sum_.resumed += resumes;
      if (failure.empty()) failure = trouble;
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(visitors, groups_.size()); ++i) threads.emplace_back(work);
  threads.clear();
  if (!failure.empty()) throw soak_failure(failure);
}

/// Writes `more` records while the gateway dies and comes back. In odd rounds the command runs before that, in even
/// ones while the gateway is down.
void soak::disturb(std::int64_t round, soak_writer& writer) {
  auto random = random_of(wanted_.seed, static_cast<std::uint64_t>(round), disturbance);
  const auto any = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  const bool command_first = round % 2 == 1 || !owns_gateway();
  const bool producer_dies = any(1) == 0;
  auto to_write = wanted_.more;
  const auto write = [&](std::int64_t count) {
    writer.write(count);
    to_write -= count;
  };
  if (command_first) run_kill_command(round, true, writer, to_write);
  if (owns_gateway() && goes_on()) {
    write(any(to_write));
    writer.poll(milliseconds(any(30)));
    gateway_.kill();
    if (producer_dies) writer.abandon();
    write(std::min(any(to_write), writer.room()));
    if (!command_first) run_kill_command(round, false, writer, to_write);
    if (goes_on()) gateway_.start(place_);
  }
  write(to_write);
}

void soak::run_kill_command(std::int64_t round, bool is_gateway_up, soak_writer& writer, std::int64_t& to_write) {
  if (wanted_.kill.empty()) return;
  const auto what = "the kill command of round " + std::to_string(round);
  std::string error;
  auto command = child_process::start({.words = {"/bin/sh", "-c", wanted_.kill},
                                       .environment = {"TIDEGATE_SOAK_ROUND=" + std::to_string(round),
                                                       "TIDEGATE_SOAK_BROKERS=" + place_.brokers,
                                                       "TIDEGATE_SOAK_TOPIC=" + place_.topic,
                                                       is_gateway_up ? "TIDEGATE_SOAK_GATEWAY=up"
                                                                     : "TIDEGATE_SOAK_GATEWAY=down"},
                                       .output = kill_log()},
                                      error);
  if (!command) throw soak_failure(error);
  const auto start = clock::now();
  const auto portion = std::max<std::int64_t>(wanted_.more / 100, 1);
  while (!command->ends_within(milliseconds(20))) {
    if (!goes_on()) return;
    if (clock::now() - start > patience) throw soak_failure(what + " does not end");
    const auto count = is_gateway_up ? std::min({portion, to_write / 2, writer.room()}) : 0;
    writer.write(count);
    to_write -= count;
  }
  if (command->exit_code() != 0)
    throw soak_failure(what + " ended with " + std::to_string(command->exit_code()) + ", see " + kill_log());
}

}  // namespace

int run_soak(const soak_options& wanted) { return soak(wanted).run(); }

}  // namespace tidegate::cli
