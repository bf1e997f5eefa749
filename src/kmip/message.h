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

/// Device [KMIP 1.4, Credential]: what a client that is a machine says of itself; empty members are not sent.
struct Device {
    std::string serial_number;
    Secret password; ///< UTF-8
    std::string device_identifier;
    std::string network_identifier;
    std::string machine_identifier;
    std::string media_identifier;
};

/// For servers that want more than a client certificate: Username and Password, Device, or both (two
/// Credentials, which servers take since 1.2) [KMIP 1.4, Credential].
struct Credential {
    std::string username; ///< empty: none
    Secret password;      ///< UTF-8; empty: a username alone
    std::optional<Device> device = std::nullopt;
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
    Buffer correlation; ///< Asynchronous Correlation Value; empty when the server gave none
    ttlv::Item payload; ///< an empty structure when there was none
};

struct Response {
    ProtocolVersion version;
    std::optional<std::int64_t> time_stamp; ///< seconds since 1970, by the server's clock
    std::vector<ResponseItem> items;        ///< may be fewer than were asked for
};

/// Reads a response; errors are of class transport: such bytes say nothing, and framing is in doubt.
Result<Response> parse_response(Bytes message, const ttlv::Limits& limits = {});

/// The payload of the one item of a response to a single request; a refusal becomes its failure.
Result<ttlv::Item> single_payload(Response response, Operation operation);

/// The Asynchronous Correlation Value of an answer that is pending, though nobody asked for that; else empty.
Bytes pending_correlation(const Response& response);

// Poll and Cancel for such an answer [KMIP 1.4, Poll, Cancel]. Poll is answered like the operation itself.
RequestItem poll(Bytes correlation);
RequestItem cancel(Bytes correlation);

/// The payloads of a response to several requests, in the order of the requests whatever the order of the
/// response. Items are told apart by their Unique Batch Item IDs, or by their order where the server gives
/// none. A server may stop at the first refusal: what it did not answer fails with class server_fault.
/// Anything else that does not fit is a failure of class transport for the whole.
Result<std::vector<Result<ttlv::Item>>> batch_payloads(Response response, std::span<const RequestItem> asked);

} // namespace vouchsafe::kmip
