#include "api/shape.h"
#include "manager/tasks.h"
#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace vouchsafe::manager {
namespace {

class TasksTest : public testing::Test {
protected:
    std::string start(const std::string& user, Tasks::Work work) {
        return tasks_.start(operation_, user, std::move(work)).value();
    }

    /// Runs the work to its end.
    std::string done(const std::string& user, Result<json::Value> outcome) {
        const std::string id = start(user, [outcome] { return outcome; });
        settle(id, user);
        return id;
    }

    // The pool has no event for a task's end; the processor is given away meanwhile.
    void settle(const std::string& id, const std::string& user) {
        while (true) {
            const auto status = tasks_.info(id, user)->find("status")->as_string();
            if (status == "SUCCEEDED" || status == "FAILED")
                return;
            std::this_thread::yield();
        }
    }

    std::string status(const std::string& id, const std::string& user) {
        return tasks_.info(id, user)->find("status")->as_string();
    }

    const api::Operation& operation_ = *api::find_operation("vouchsafe.vms", "start");
    test::ManualClock clock_;
    crypto::SystemRandom random_;
    Tasks tasks_{clock_, random_};
};

/// Holds work back until it is opened.
class Gate {
public:
    void open() {
        const std::scoped_lock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    void pass() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }

    void until_waiting(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int waiting_ = 0;
};

TEST_F(TasksTest, SuccessCarriesTheResult) {
    const std::string id = done("ada", json::object({{"vm", "x"}}));
    EXPECT_TRUE(id.ends_with(":vouchsafe.vms"));
    const json::Value info = tasks_.info(id, "ada").value();
    EXPECT_EQ(*info.find("result"), json::object({{"vm", "x"}}));
    EXPECT_EQ(info.find("error"), nullptr);
    EXPECT_EQ(*info.find("service"), json::Value("com.vmware.vouchsafe.vms"));
    EXPECT_EQ(*info.find("operation"), json::Value("start"));
    EXPECT_EQ(*info.find("user"), json::Value("ada"));
    // Clients refuse a task that has ended without these.
    for (const auto* member : {"progress", "start_time", "end_time", "description", "cancelable"})
        EXPECT_NE(info.find(member), nullptr) << member;
    EXPECT_EQ(*info.find("progress")->find("completed"), json::Value(100));
}

TEST_F(TasksTest, SuccessWithoutAResultHasNone) {
    EXPECT_EQ(tasks_.info(done("ada", json::Value()), "ada")->find("result"), nullptr);
}

TEST_F(TasksTest, FailureCarriesTheError) {
    const std::string id = done("ada", fail(Errc::not_found, "vm", "there is none"));
    const json::Value info = tasks_.info(id, "ada").value();
    EXPECT_EQ(*info.find("status"), json::Value("FAILED"));
    EXPECT_EQ(*info.find("error")->find("error_type"), json::Value("NOT_FOUND"));
    EXPECT_EQ(info.find("result"), nullptr);
    EXPECT_NE(info.find("end_time"), nullptr);
    EXPECT_EQ(*info.find("progress")->find("message")->find("default_message"), json::Value("failed"));
}

TEST_F(TasksTest, ListsWhatTheFilterWants) {
    const std::string good = done("ada", json::Value(1));
    const std::string bad = done("ada", fail(Errc::not_found, "vm", "there is none"));

    struct Case {
        const char* member;
        std::string value;
        std::vector<std::string> listed;
    };

    const std::vector<std::string> both{good, bad};
    for (const Case& one : {Case{"tasks", good, {good}},
                            Case{"tasks", "none", {}},
                            Case{"services", "com.vmware.vouchsafe.vms", both},
                            Case{"services", "vouchsafe.vms", {}},
                            Case{"operations", "start", both},
                            Case{"operations", "stop", {}},
                            Case{"status", "FAILED", {bad}},
                            Case{"status", "RUNNING", {}},
                            Case{"users", "ada", both},
                            Case{"users", "bob", {}}}) {
        SCOPED_TRACE(std::string(one.member) + " " + one.value);
        const json::Value list = tasks_.list("ada", json::object({{one.member, json::array({one.value})}}));
        EXPECT_EQ(list.as_object().size(), one.listed.size());
        for (const std::string& id : one.listed)
            EXPECT_NE(list.find(id), nullptr);
    }
}

TEST_F(TasksTest, WorkThatThrowsFails) {
    const std::string id = start("ada", []() -> Result<json::Value> { throw std::runtime_error("secret"); });
    settle(id, "ada");
    EXPECT_EQ(status(id, "ada"), "FAILED");
    EXPECT_EQ(json::canonical(tasks_.info(id, "ada").value()).find("secret"), std::string::npos);
}

TEST_F(TasksTest, UsersSeeTheirOwnOnly) {
    const std::string hers = done("ada", json::Value(1));
    const std::string his = done("bob", json::Value(2));
    EXPECT_TRUE(tasks_.info(hers, "ada"));
    const auto strange = tasks_.info(hers, "bob");
    const auto unknown = tasks_.info("nothing", "bob");
    ASSERT_FALSE(strange);
    EXPECT_EQ(strange.error().code, Errc::not_found);
    EXPECT_EQ(strange.error(), unknown.error()); // nothing tells whether there is one
    const json::Value list = tasks_.list("bob", json::Value());
    EXPECT_EQ(list.as_object().size(), 1U);
    EXPECT_NE(list.find(his), nullptr);
}

TEST_F(TasksTest, ARunningTaskSaysSo) {
    Gate gate;
    const std::string id = start("ada", [&gate]() -> Result<json::Value> {
        gate.pass();
        return json::Value();
    });
    gate.until_waiting(1);
    const json::Value info = tasks_.info(id, "ada").value();
    EXPECT_EQ(*info.find("status"), json::Value("RUNNING"));
    EXPECT_NE(info.find("progress"), nullptr);
    EXPECT_EQ(info.find("end_time"), nullptr);
    gate.open();
    settle(id, "ada");
}

// Eight at work and 256 that wait: who comes then is refused, and leaves nothing behind.
TEST_F(TasksTest, AFullPoolIsSaid) {
    Gate gate;
    const auto wait = [&gate]() -> Result<json::Value> {
        gate.pass();
        return json::Value();
    };
    std::vector<std::string> started;
    for (int i = 0; i < 8; ++i)
        started.push_back(start("ada", wait));
    gate.until_waiting(8);
    for (int i = 0; i < 256; ++i)
        started.push_back(start("ada", wait));
    EXPECT_EQ(status(started.back(), "ada"), "PENDING");
    const auto refused = tasks_.start(operation_, "ada", wait);
    EXPECT_EQ(tasks_.list("ada", json::Value()).as_object().size(), started.size());
    gate.open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().where, "tasks.full");
    for (const std::string& id : started)
        settle(id, "ada");
    settle(start("ada", wait), "ada"); // there is room again; its work must not outlive the gate
}

TEST_F(TasksTest, TheOldestThatEndedAreForgotten) {
    Gate gate;
    const std::string running = start("ada", [&gate]() -> Result<json::Value> {
        gate.pass();
        return json::Value();
    });
    gate.until_waiting(1);
    std::vector<std::string> ended;
    for (int i = 0; i < 1002; ++i) {
        clock_.advance(std::chrono::milliseconds(1));
        ended.push_back(done("ada", json::Value(i)));
    }
    EXPECT_EQ(tasks_.list("ada", json::Value()).as_object().size(), 1000U);
    EXPECT_TRUE(tasks_.info(running, "ada")) << "one that runs is never forgotten";
    EXPECT_FALSE(tasks_.info(ended[0], "ada"));
    EXPECT_FALSE(tasks_.info(ended[2], "ada"));
    EXPECT_TRUE(tasks_.info(ended[3], "ada"));
    EXPECT_TRUE(tasks_.info(ended.back(), "ada"));
    gate.open();
    settle(running, "ada");
}

} // namespace
} // namespace vouchsafe::manager
