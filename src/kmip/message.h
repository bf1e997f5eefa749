// KMIP messages: a header and batch items, as little of both as every server understands.
//
// Requests carry Protocol Version and Batch Count, and Authentication where there is a credential, nothing
// else: no time stamp (servers refuse a clock that is a second ahead) and no correlation value. Responses are
// read with patience: another version than ours, no operation, no batch item id, fewer items than counted and
// unknown tags are all met in the field.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "kmip/enums.h"
#include "kmip/version.h"
#include "ttlv/codec.h"
#include "ttlv/item.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vouchsafe::kmip {

/// Username and Password [KMIP 1.4, Credential], for servers that want more than a client certificate.
struct Credential {
    std::string username;
    Secret password; ///< UTF-8; empty: a username alone
};

struct RequestItem {
    Operation operation;
    ttlv::Structure payload;
};

/// With a credential, unless that is nullptr. Several items get Unique Batch Item IDs "\x01", "\x02", ...;
/// one item needs none. The bytes can hold secrets: the caller wipes them.
Buffer encode_request(ProtocolVersion version,
                      std::span<const RequestItem> items,
                      const Credential* credential = nullptr);

struct ResponseItem {
    std::optional<Operation> operation;
    Buffer batch_id; ///< empty when the server gave none
    ResultStatus status;
    std::optional<ResultReason> reason;
    ttlv::Item payload; ///< an empty structure when there was none
};

struct Response {
    ProtocolVersion version;
    std::vector<ResponseItem> items; ///< may be fewer than were asked for
};

/// Reads a response; errors are of class transport: such bytes say nothing, and framing is in doubt.
Result<Response> parse_response(Bytes message, const ttlv::Limits& limits = {});

/// The payload of the one item of a response to a single request; a refusal becomes its failure.
Result<ttlv::Item> single_payload(Response response, Operation operation);

} // namespace vouchsafe::kmip
