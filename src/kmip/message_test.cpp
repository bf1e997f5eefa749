#include "kmip/failure.h"
#include "kmip/message.h"
#include "kmip/operations.h"

#include <gtest/gtest.h>

namespace vouchsafe::kmip {
namespace {

using ttlv::Tag;

// [KMIP 1.4, Get]: the whole message, written out.
TEST(EncodeRequest, WritesGetByteForByte) {
    const RequestItem item = get(KeyId{"49a1ca88"});
    EXPECT_EQ(to_hex(encode_request({1, 4}, {&item, 1})),
              "4200780100000070"                   // Request Message
              "4200770100000038"                   // Request Header
              "4200690100000020"                   // Protocol Version
              "42006a02000000040000000100000000"   // Major
              "42006b02000000040000000400000000"   // Minor
              "42000d02000000040000000100000000"   // Batch Count
              "42000f0100000028"                   // Batch Item
              "42005c05000000040000000a00000000"   // Operation Get
              "4200790100000010"                   // Request Payload
              "42009407000000083439613163613838"); // Unique Identifier
}

// [KMIP 1.4, Credential]: between version and batch count, where servers that read by order look for it.
TEST(EncodeRequest, WritesTheCredentialByteForByte) {
    const RequestItem item = query();
    const Credential credential{.username = "fred", .password = Secret(as_bytes("password1"))};
    const std::string plain = to_hex(encode_request({1, 4}, {&item, 1}));
    const std::string with = to_hex(encode_request({1, 4}, {&item, 1}, &credential));
    const std::string authentication = "42000c0100000048"                 // Authentication
                                       "4200230100000040"                 // Credential
                                       "42002405000000040000000100000000" // Username and Password
                                       "4200250100000028"                 // Credential Value
                                       "42009907000000046672656400000000" // Username
                                       "4200a1070000000970617373776f72643100000000000000"; // Password
    const auto count = with.find("42000d02");
    ASSERT_NE(count, std::string::npos);
    EXPECT_EQ(with.substr(count - authentication.size(), authentication.size()), authentication);
    std::string without = with; // sizes of message and header aside, all else is as it was
    without.erase(count - authentication.size(), authentication.size());
    EXPECT_EQ(without.substr(32), plain.substr(32));
}

TEST(EncodeRequest, WritesAUserNameAlone) {
    const RequestItem item = query();
    const Credential credential{.username = "fred", .password = {}};
    const std::string with = to_hex(encode_request({1, 4}, {&item, 1}, &credential));
    EXPECT_NE(with.find("4200250100000010"
                        "42009907000000046672656400000000"
                        "42000d02"),
              std::string::npos);
}

// [KMIP 1.4, Credential, Device]: only what there is, in the order of the specification.
TEST(EncodeRequest, WritesADeviceBesideTheUser) {
    const RequestItem item = query();
    const Credential credential{.username = "fred",
                                .password = {},
                                .device = Device{.serial_number = "s1",
                                                 .password = Secret(as_bytes("pw")),
                                                 .device_identifier = {},
                                                 .network_identifier = "n1",
                                                 .machine_identifier = "m1",
                                                 .media_identifier = {}}};
    const auto message = ttlv::parse(encode_request({2, 1}, {&item, 1}, &credential));
    ASSERT_TRUE(message);
    EXPECT_EQ(
        ttlv::describe(*message->find(Tag::request_header)->find(Tag::authentication), ttlv::Secrets::shown),
        "Authentication (Structure)\n"
        "  Credential (Structure)\n"
        "    Credential Type (Enumeration) = Username and Password\n"
        "    Credential Value (Structure)\n"
        "      Username (Text String) = \"fred\"\n"
        "  Credential (Structure)\n"
        "    Credential Type (Enumeration) = Device\n"
        "    Credential Value (Structure)\n"
        "      Device Serial Number (Text String) = \"s1\"\n"
        "      Password (Text String) = \"pw\"\n"
        "      Network Identifier (Text String) = \"n1\"\n"
        "      Machine Identifier (Text String) = \"m1\"\n");
}

TEST(EncodeRequest, NumbersTheItemsOfABatch) {
    const RequestItem items[] = {get(KeyId{"a"}), get(KeyId{"b"})};
    const auto message = ttlv::parse(encode_request({1, 4}, items));
    ASSERT_TRUE(message);
    const auto& parts = *message->as<ttlv::Structure>();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(*parts[0].find(Tag::batch_count), ttlv::integer(Tag::batch_count, 2));
    EXPECT_EQ(*parts[1].find(Tag::unique_batch_item_id),
              ttlv::byte_string(Tag::unique_batch_item_id, Buffer{1}));
    EXPECT_EQ(*parts[2].find(Tag::unique_batch_item_id),
              ttlv::byte_string(Tag::unique_batch_item_id, Buffer{2}));
}

// [KMIP 1.4, Create]: Template-Attribute in 1.x, Attributes in 2.x.
TEST(Create, HasTheShapeOfItsVersion) {
    const auto old_shape = create({1, 4}, {.name = "n"}).payload;
    EXPECT_EQ(ttlv::describe(old_shape.at(1)),
              "Template-Attribute (Structure)\n"
              "  Attribute (Structure)\n"
              "    Attribute Name (Text String) = \"Cryptographic Algorithm\"\n"
              "    Attribute Value (Enumeration) = AES\n"
              "  Attribute (Structure)\n"
              "    Attribute Name (Text String) = \"Cryptographic Length\"\n"
              "    Attribute Value (Integer) = 256\n"
              "  Attribute (Structure)\n"
              "    Attribute Name (Text String) = \"Cryptographic Usage Mask\"\n"
              "    Attribute Value (Integer) = Encrypt Decrypt\n"
              "  Attribute (Structure)\n"
              "    Attribute Name (Text String) = \"Name\"\n"
              "    Attribute Value (Structure)\n"
              "      Name Value (Text String) = \"n\"\n"
              "      Name Type (Enumeration) = Uninterpreted Text String\n");
    const auto new_shape = create({2, 0}, {}).payload;
    EXPECT_EQ(ttlv::describe(new_shape.at(1)),
              "Attributes (Structure)\n"
              "  Cryptographic Algorithm (Enumeration) = AES\n"
              "  Cryptographic Length (Integer) = 256\n"
              "  Cryptographic Usage Mask (Integer) = Encrypt Decrypt\n");
}

// [KMIP 1.4, Register]: the Key Block says algorithm and length, so the attributes do not.
TEST(Register, SaysNothingTwice) {
    const Secret material{Bytes(Buffer(32, 7))};
    const auto payload = register_key({2, 0}, {.material = material, .name = {}}).payload;
    ASSERT_EQ(payload.size(), 3U);
    EXPECT_EQ(payload.at(0).tag, Tag::object_type);
    EXPECT_EQ(ttlv::describe(payload.at(1)),
              "Attributes (Structure)\n"
              "  Cryptographic Usage Mask (Integer) = Encrypt Decrypt\n");
    EXPECT_EQ(ttlv::describe(payload.at(2)),
              "Symmetric Key (Structure)\n"
              "  Key Block (Structure)\n"
              "    Key Format Type (Enumeration) = Raw\n"
              "    Key Value (Structure)\n"
              "      Key Material (Byte String) = <32 bytes>\n"
              "    Cryptographic Algorithm (Enumeration) = AES\n"
              "    Cryptographic Length (Integer) = 256\n");
}

TEST(Locate, AsksForAPage) {
    const auto payload = locate_by_name({1, 4}, "n", {.most = 16, .skip = 32}).payload;
    EXPECT_EQ(payload.at(0), ttlv::integer(Tag::maximum_items, 16));
    EXPECT_EQ(payload.at(1), ttlv::integer(Tag::offset_items, 32));
    EXPECT_EQ(payload.at(2).tag, Tag::attribute);
    EXPECT_EQ(locate_by_name({2, 0}, "n", {}).payload.at(1).tag,
              Tag::attributes); // the first page: no offset
}

TEST(GetAttributeList, NumbersWhatHasNoName) {
    const auto payload =
        ttlv::structure(Tag::response_payload, {ttlv::enumeration(Tag::attribute_reference, 0x42FFFF)});
    EXPECT_EQ(read_get_attribute_list(payload, {"1"}), std::vector<std::string>{"0x0042ffff"});
}

TEST(ParseResponse, IsPatientAboutWhatIsMissing) {
    const auto message = ttlv::encode(
        ttlv::structure(Tag::response_message,
                        {ttlv::structure(Tag::response_header,
                                         {ttlv::structure(Tag::protocol_version,
                                                          {ttlv::integer(Tag::protocol_version_major, 1),
                                                           ttlv::integer(Tag::protocol_version_minor, 0)}),
                                          ttlv::integer(Tag{0x42FFFF}, 1),
                                          ttlv::integer(Tag::batch_count, 3)}),
                         ttlv::structure(Tag::batch_item, {ttlv::enumeration(Tag::result_status, 0)})}));
    auto response = parse_response(message);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->version, (ProtocolVersion{1, 0}));
    EXPECT_TRUE(single_payload(std::move(*response), Operation::activate));
}

TEST(ParseResponse, RefusesWhatSaysNothing) {
    const auto header = ttlv::structure(Tag::response_header,
                                        {ttlv::structure(Tag::protocol_version,
                                                         {ttlv::integer(Tag::protocol_version_major, 1),
                                                          ttlv::integer(Tag::protocol_version_minor, 4)})});
    const auto refused = [&](ttlv::Structure parts) {
        const auto response =
            parse_response(ttlv::encode(ttlv::structure(Tag::response_message, std::move(parts))));
        return !response && response.error().where == "kmip.transport";
    };
    EXPECT_TRUE(refused({}));
    EXPECT_TRUE(refused({ttlv::structure(Tag::response_header, {})}));
    EXPECT_TRUE(refused({header, ttlv::structure(Tag::batch_item, {})}));
    EXPECT_TRUE(refused({header,
                         ttlv::structure(Tag::batch_item,
                                         {ttlv::enumeration(Tag::result_status, 0),
                                          ttlv::integer(Tag::response_payload, 1)})}));
    EXPECT_FALSE(refused({header}));
}

TEST(Negotiation, PrefersTheNewestCommonVersion) {
    Negotiation negotiation;
    EXPECT_EQ(negotiation.probe(), (Probe{{1, 4}}));
    const auto agreed = negotiation.on_answer(ServerVersions{{1, 0}, {2, 0}, {1, 4}, {3, 0}});
    ASSERT_TRUE(agreed);
    EXPECT_EQ(*agreed, Agreed({2, 0}));
}

TEST(Negotiation, AsksUnderOtherHeadersAfterBadAnswers) {
    Negotiation negotiation;
    const Error refused = failure(ResultReason::invalid_message, Operation::discover_versions);
    std::vector<ProtocolVersion> asked;
    while (true) {
        asked.push_back(negotiation.probe().header);
        const auto next = negotiation.on_answer(std::unexpected(refused));
        if (!next) {
            EXPECT_EQ(next.error().where, "kmip.protocol");
            break;
        }
        ASSERT_FALSE(*next);
    }
    EXPECT_EQ(asked, (std::vector<ProtocolVersion>{{1, 4}, {1, 2}, {1, 1}, {2, 1}, {2, 0}, {1, 3}, {1, 0}}));
}

TEST(Negotiation, TakesAQueryUnderOneZeroForConsent) {
    Negotiation negotiation({}, {1, 0});
    EXPECT_FALSE(negotiation.probe().discovers());
    EXPECT_EQ(*negotiation.on_answer(ServerVersions{}), Agreed({1, 0}));
}

TEST(Negotiation, BeginsWithWhatWorkedBefore) {
    Negotiation negotiation(ProtocolVersion{1, 1});
    EXPECT_EQ(negotiation.probe(), (Probe{{1, 1}}));
}

TEST(Negotiation, EndsEarlyWhereOlderHeadersDoNotHelp) {
    for (const FailureClass failed : {FailureClass::transport, FailureClass::misconfigured}) {
        Negotiation negotiation;
        const auto next = negotiation.on_answer(std::unexpected(failure(failed, "x")));
        ASSERT_FALSE(next);
        EXPECT_EQ(failure_class(next.error()), failed);
    }
}

TEST(Negotiation, GoesOnWhenNothingIsCommon) {
    Negotiation negotiation;
    const auto next = negotiation.on_answer(ServerVersions{{3, 0}});
    ASSERT_TRUE(next);
    EXPECT_FALSE(*next);
    EXPECT_EQ(negotiation.probe(), (Probe{{1, 2}}));
}

} // namespace
} // namespace vouchsafe::kmip
