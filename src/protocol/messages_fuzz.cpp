// Every parser of this library over the same bytes: what it accepts it must write again in a form that it
// reads as the same.
#include "base/bytes.h"
#include "json/parse.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/release.h"
#include "protocol/release_session.h"
#include "protocol/session.h"
#include "protocol/statement.h"
#include "protocol/workload.h"

#include <cstddef>
#include <cstdint>

namespace {

template <class Message> void round_trip(const vouchsafe::json::Value& value) {
    if (const auto message = Message::from_json(value); message)
        VS_CHECK(Message::from_json(message->to_json()) == message);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    using namespace vouchsafe::protocol;
    const std::string_view text = as_text(Bytes(data, size));
    if (const auto statement = Statement::parse(text); statement)
        VS_CHECK(statement->encode() == text);
    if (const auto request = ReleaseRequest::parse(text); request)
        VS_CHECK(ReleaseRequest::parse(request->encode()) == request);
    const Secret secret(Bytes(data, size));
    if (const auto answer = ReleaseAnswer::parse(secret); answer)
        VS_CHECK(ReleaseAnswer::parse(answer->encode()).has_value());
    (void)claimed_session(text);
    (void)SealedMessage::parse(text);
    if (const auto value = json::parse(text, evidence_limits); value) {
        round_trip<ChallengeRequest>(*value);
        round_trip<Challenge>(*value);
        round_trip<Evidence>(*value);
        round_trip<EvidenceAnswer>(*value);
        round_trip<SessionRequest>(*value);
        round_trip<SessionAnswer>(*value);
        round_trip<JoinRequest>(*value);
        round_trip<JoinAnswer>(*value);
        round_trip<PollRequest>(*value);
        round_trip<PollAnswer>(*value);
    }
    return 0;
}
