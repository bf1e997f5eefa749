// What every message type must do: come back as it was, and refuse what it does not know.
#pragma once

#include "json/parse.h"
#include "json/write.h"
#include "protocol/evidence.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace vouchsafe::test {

template <class Message> void expect_round_trip(const Message& message) {
    const auto parsed = json::parse(json::canonical(message.to_json()), protocol::evidence_limits);
    ASSERT_TRUE(parsed);
    const auto back = Message::from_json(*parsed);
    ASSERT_TRUE(back) << back.error().where << ": " << back.error().detail;
    EXPECT_EQ(*back, message);
    json::Value more = message.to_json();
    more.as_object().emplace("zz", 1);
    EXPECT_FALSE(Message::from_json(more));
}

template <class Message>
void expect_refused(const Message& message,
                    std::string_view member,
                    json::Value value,
                    std::string_view where) {
    json::Value bad = message.to_json();
    bad.as_object().insert_or_assign(std::string(member), std::move(value));
    const auto result = Message::from_json(bad);
    ASSERT_FALSE(result) << where;
    EXPECT_EQ(result.error().where, where);
}

} // namespace vouchsafe::test
