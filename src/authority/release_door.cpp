#include "authority/release_door.h"

#include "api/errors.h"

namespace vouchsafe::authority {

namespace {

constexpr std::size_t short_message = std::size_t{8} << 10U;

net::Response answer_of(Result<std::string> sealed) {
    return sealed
               ? net::Response{.status = 200, .content_type = "application/jose", .body = *std::move(sealed)}
               : api::error_answer(sealed.error());
}

} // namespace

std::string address_of(const net::Request& request) {
    const std::string& address = request.peer.address;
    return address.substr(0, address.rfind(':'));
}

ReleaseDoor::ReleaseDoor(keyprovider::ReleaseService& release, audit::AuditSink& audit, net::WorkerPool& pool)
    : release_(release), audit_(audit), pool_(pool) {}

std::string ReleaseDoor::turn_of(const net::Request& request) const {
    const auto host = release_.claimed_host(as_text(request.body));
    return host ? host->text : address_of(request);
}

void ReleaseDoor::take(net::Request request, net::Reply reply) {
    if (request.body.size() <= short_message) {
        round_.emplace_back(std::move(request), std::move(reply));
        return;
    }
    const std::string turn = turn_of(request);
    net::reply_in(pool_,
                  turn,
                  std::move(reply),
                  [self = shared_from_this(), request = std::move(request)](net::Reply answer) {
                      auto opened = self->release_.open(as_text(request.body));
                      if (!opened)
                          return answer.send(api::error_answer(opened.error()));
                      self->release_in_turn({.request = *std::move(opened), .reply = std::move(answer)});
                  });
}

void ReleaseDoor::end_round() {
    if (round_.empty())
        return;
    std::vector<Opened> at_once;
    at_once.reserve(round_.size());
    for (auto& [request, reply] : round_) {
        auto opened = release_.open(as_text(request.body));
        if (!opened)
            reply.send(api::error_answer(opened.error()));
        else if (opened->takes_turns())
            take_turn({.request = *std::move(opened), .reply = std::move(reply)});
        else
            at_once.push_back({.request = *std::move(opened), .reply = std::move(reply)});
    }
    round_.clear();
    for (Opened& opened : at_once)
        release(std::move(opened));
    audit_.flush();
}

void ReleaseDoor::take_turn(Opened opened) {
    const std::string turn = opened.request.host().text;
    net::reply_in(pool_,
                  turn,
                  std::move(opened.reply),
                  [self = shared_from_this(), request = std::move(opened.request)](net::Reply reply) mutable {
                      self->release_in_turn({.request = std::move(request), .reply = std::move(reply)});
                  });
}

void ReleaseDoor::release_in_turn(Opened opened) {
    release(std::move(opened));
    audit_.flush();
}

void ReleaseDoor::release(Opened opened) {
    release_.decide(opened.request);
    release_.record(std::move(opened.request),
                    [&service = release_,
                     reply = std::move(opened.reply)](keyprovider::RecordedRelease on_record) mutable {
                        reply.send_made([&service, on_record = std::move(on_record)]() mutable {
                            return answer_of(service.answer(std::move(on_record)));
                        });
                    });
}

} // namespace vouchsafe::authority
