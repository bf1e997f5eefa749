#include "appraisal/command_line.h"
#include "appraisal/inspect.h"
#include "appraisal/replay.h"
#include "base/reader.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::appraisal {
namespace {

TEST(ReplayFirmware, LeadsToTheRecordedPcrsInEveryBank) {
    for (const char* const name : {"uki", "uki-cmdline", "grub", "direct", "uki-sb-off"}) {
        const auto boot = test::load_boot(name);
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        for (const auto& [bank, values] : boot.pcrs) {
            const auto replayed = replay_firmware(*log, bank);
            ASSERT_TRUE(replayed);
            EXPECT_GE(replayed->size(), 9U);
            for (const auto& [pcr, value] : *replayed)
                EXPECT_EQ(to_hex(value), to_hex(values.at(pcr)))
                    << name << " " << to_string(bank) << " " << pcr;
        }
    }
}

TEST(ReplayFirmware, StartsPcr0AtItsLocality) {
    EXPECT_EQ(to_hex(start_value(Algorithm::sha1, 0, 3)), std::string(39, '0') + "3");
    EXPECT_EQ(start_value(Algorithm::sha256, 1, 3), Buffer(32));
    EXPECT_EQ(start_value(Algorithm::sha256, 17, 0), Buffer(32, 0xFF));
    const auto boot = test::load_boot("uki");
    auto log = *eventlog::parse_firmware_log(boot.firmware_log);
    log.startup_locality = 3;
    EXPECT_NE(replay_firmware(log, Algorithm::sha256)->at(0), boot.pcrs.at(Algorithm::sha256).at(0));
}

TEST(ReplayFirmware, StartsDynamicPcrsAtZerosAfterALaunch) {
    const Buffer digest(32, 0x17);
    const auto event = [&digest](std::uint32_t pcr) {
        eventlog::Event out;
        out.pcr = pcr;
        out.type = eventlog::type::event_tag;
        out.digests = {{.algorithm = Algorithm::sha256, .value = digest}};
        return out;
    };
    eventlog::FirmwareLog log;
    log.events = {event(19), event(22)};
    EXPECT_EQ(replay_firmware(log, Algorithm::sha256)->at(19),
              extend(Algorithm::sha256, Buffer(32, 0xFF), digest));
    log.events.push_back(event(17)); // wherever it is in the log: a launch is before all of them
    const auto launched = replay_firmware(log, Algorithm::sha256);
    for (const std::uint32_t pcr : {17U, 19U, 22U})
        EXPECT_EQ(launched->at(pcr), extend(Algorithm::sha256, Buffer(32), digest)) << pcr;
}

TEST(ReplayFirmware, KnowsBanksThatItCannotCompute) {
    const auto boot = test::load_boot("uki");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    EXPECT_EQ(replay_firmware(*log, static_cast<Algorithm>(0x27)).error().code, Errc::unsupported);
    EXPECT_NE(event_without(*log, Algorithm::sha1), nullptr);
    EXPECT_EQ(event_without(*log, Algorithm::sha256), nullptr);
}

TEST(MeasuredData, KnowsItsForms) {
    const auto uki = test::load_boot("uki");
    const auto log = *eventlog::parse_firmware_log(uki.firmware_log);
    EXPECT_EQ(as_text(measured_data(log.events.at(24)).value()), std::string_view(".linux\0", 7));
    EXPECT_FALSE(measured_data(log.events.at(25))); // the section's content is not in the log
    EXPECT_TRUE(data_is_measured(log.events.at(4)));
    EXPECT_FALSE(data_is_measured(log.events.at(24)));
    const auto grub = test::load_boot("grub");
    const auto grub_log = *eventlog::parse_firmware_log(grub.firmware_log);
    EXPECT_EQ(as_text(measured_data(grub_log.events.at(35)).value()), "set timeout=0");
}

// --- IMA ------------------------------------------------------------------------------------------------

Buffer field(Bytes bytes) {
    return Writer().little(static_cast<std::uint32_t>(bytes.size())).bytes(bytes).done();
}

/// An ima-ng entry; a violation has zeros for its template digest.
Buffer entry(const std::string& name, bool violation = false) {
    const Buffer digest = Writer().text(std::string_view("sha256:\0", 8)).bytes(Buffer(32, 0x21)).done();
    const Buffer data = Writer().bytes(field(digest)).bytes(field(as_bytes(name + '\0'))).done();
    return Writer()
        .little(std::uint32_t{10})
        .bytes(violation ? Buffer(20) : hash(Algorithm::sha1, data))
        .bytes(field(as_bytes("ima-ng")))
        .bytes(field(data))
        .done();
}

struct ImaCase {
    Buffer bytes;
    std::vector<Buffer> digests; ///< what each entry puts into SHA-256
};

Buffer template_data(const Buffer& one) {
    return to_buffer(eventlog::parse_ima_list(one)->entries.at(0).template_data);
}

Buffer reached(const std::vector<Buffer>& digests) {
    Buffer value(32);
    for (const Buffer& digest : digests)
        value = extend(Algorithm::sha256, value, digest);
    return value;
}

Buffer padded(Buffer digest) {
    digest.resize(32);
    return digest;
}

TEST(ReplayIma, FindsTheLongestPrefixAndItsForm) {
    const Buffer a = entry("/a");
    const Buffer b = entry("/b", true);
    const Buffer c = entry("/c");
    const Buffer bytes = Writer().bytes(a).bytes(b).bytes(c).done();
    const auto list = eventlog::parse_ima_list(bytes);
    ASSERT_TRUE(list);
    const auto replayed = [&list](const Buffer& quoted) {
        return replay_ima(*check_template_digests(*list),
                          {.bank = Algorithm::sha256, .quoted = {{10, quoted}}});
    };
    const Buffer ones(32, 0xFF);
    const Buffer hashed = hash(Algorithm::sha256, template_data(a));
    EXPECT_EQ(replayed(reached({}))->entries, 0U);
    EXPECT_EQ(replayed(reached({hashed}))->entries, 1U);
    EXPECT_EQ(replayed(reached({hashed, ones}))->entries, 2U);
    const auto all = replayed(reached({hashed, ones, hash(Algorithm::sha256, template_data(c))}));
    EXPECT_EQ(all->entries, 3U);
    EXPECT_EQ(all->form, ImaForm::hashed);
    const Buffer short_a = padded(hash(Algorithm::sha1, template_data(a)));
    EXPECT_EQ(replayed(reached({short_a, ones}))->form, ImaForm::padded_sha1);
    EXPECT_EQ(replayed(reached({short_a, padded(Buffer(20, 0xFF))}))->form, ImaForm::padded_sha1_old);
    // gap, order, foreign value
    EXPECT_EQ(replayed(reached({ones, hashed})).error().where, "ima.replay");
    EXPECT_EQ(replayed(Buffer(32, 0x55)).error().where, "ima.replay");
}

TEST(ReplayIma, LeadsNowhereFromAValueOfAnotherSize) {
    const Buffer bytes = entry("/a");
    const auto list = eventlog::parse_ima_list(bytes);
    const Buffer start(20);
    const auto replayed =
        replay_ima(*check_template_digests(*list),
                   {.bank = Algorithm::sha256, .quoted = {{10, start}}, .starts = {{{10, start}}}});
    EXPECT_EQ(replayed.error().where, "ima.replay");
}

TEST(ReplayIma, RefusesATemplateDigestThatIsNotTheHash) {
    Buffer bytes = entry("/a");
    bytes[5] ^= 1U;
    const auto list = eventlog::parse_ima_list(bytes);
    const auto checked = check_template_digests(*list);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().where, "ima.template_digest");
}

TEST(ReplayIma, NeedsNoHashWhereTheListHasTheBanksOwn) {
    const Buffer data = template_data(entry("/a"));
    const Buffer digest = hash(Algorithm::sha256, data);
    eventlog::ImaList list{
        .digest_bytes = 32,
        .entries = {
            {.pcr = 10, .template_digest = digest, .template_name = "ima-ng", .template_data = data}}};
    const auto replayed = [&list, &digest] {
        return replay_ima(*check_template_digests(list),
                          {.bank = Algorithm::sha256, .quoted = {{10, reached({digest})}}});
    };
    EXPECT_EQ(replayed()->entries, 1U);
    const Buffer other = hash(Algorithm::sha256, as_bytes("other"));
    list.entries.front().template_digest = other;
    EXPECT_FALSE(check_template_digests(list));
}

TEST(ReplayIma, LeadsToTheRecordedPcr10InEveryBank) {
    const auto boot = test::load_boot("uki-cmdline");
    const auto list = eventlog::parse_ima_list(boot.ima_log);
    for (const auto& [bank, values] : boot.pcrs) {
        const auto replayed =
            replay_ima(*check_template_digests(*list), {.bank = bank, .quoted = {{10, values.at(10)}}});
        ASSERT_TRUE(replayed) << to_string(bank);
        EXPECT_EQ(replayed->form, bank == Algorithm::sha384 ? ImaForm::padded_sha1 : ImaForm::hashed);
    }
}

TEST(BootAggregate, IsTheHashOfTheQuotedPcrs) {
    const auto boot = test::load_boot("grub");
    const auto list = eventlog::parse_ima_list(boot.ima_log);
    QuotedPcrs quoted = quoted_of(boot);
    EXPECT_TRUE(check_boot_aggregate(*list, quoted));
    Buffer renamed = boot.ima_log; // the same digest, said of a file
    const auto name = std::ranges::search(renamed, as_bytes("boot_aggregate"));
    ASSERT_FALSE(name.empty());
    name.front() = 'B';
    EXPECT_EQ(check_boot_aggregate(*eventlog::parse_ima_list(renamed), quoted).error().where,
              "ima.boot_aggregate");
    quoted.banks.at(Algorithm::sha256).at(9).front() ^= 1U;
    EXPECT_EQ(check_boot_aggregate(*list, quoted).error().where, "ima.boot_aggregate");
    quoted.banks.at(Algorithm::sha256).erase(9);
    EXPECT_FALSE(check_boot_aggregate(*list, quoted));
    quoted.banks.clear();
    EXPECT_FALSE(check_boot_aggregate(*list, quoted));
    EXPECT_FALSE(check_boot_aggregate(eventlog::ImaList{}, quoted_of(boot)));
}

// --- words of command lines -------------------------------------------------------------------------------

TEST(CommandLine, NamesTheWordsThatDiffer) {
    EXPECT_EQ(command_line_difference("a b c", "a c d"), "removed 'b'; added 'd'");
    EXPECT_EQ(command_line_difference("a", "a x=\"1 2\""), "added 'x=\"1 2\"'");
    EXPECT_EQ(command_line_difference("a a", "a"), "removed 'a'");
    EXPECT_EQ(command_line_difference("a  b", "b a"), "the same words in another order or spacing");
}

// --- inspection
// ---------------------------------------------------------------------------------------------

TEST(InspectEventlog, ShowsARecordedBoot) {
    const auto boot = test::load_boot("uki");
    const InspectReport report = inspect_eventlog(boot.firmware_log);
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(report.json.find("format")->as_string(), "crypto-agile");
    EXPECT_EQ(report.json.find("events")->as_array().size(), 36U);
    const auto& event = report.json.find("events")->as_array().at(4);
    EXPECT_EQ(event.find("data")->find("name")->as_string(), "SecureBoot");
    EXPECT_TRUE(event.find("data")->find("measured")->as_bool());
    EXPECT_EQ(report.json.find("pcrs")->find("sha256")->find("11")->as_string(),
              to_hex(boot.pcrs.at(Algorithm::sha256).at(11)));
    EXPECT_TRUE(report.json.find("findings")->as_array().empty());
}

TEST(InspectEventlog, TellsAlteredDataFromMalformedLogs) {
    test::EditableLog log(test::load_boot("uki").firmware_log);
    const std::size_t place =
        place_of(log, [](const auto& e) { return e.type == eventlog::type::efi_variable_driver_config; });
    log.events[place].data.back() ^= 1U;
    const InspectReport altered = inspect_eventlog(log.encode());
    EXPECT_EQ(altered.verdict, Verdict::does_not_verify);
    EXPECT_EQ(altered.json.find("findings")->as_array().at(0).find("event")->as_integer(),
              static_cast<std::int64_t>(place + 1));
    const InspectReport malformed = inspect_eventlog(as_bytes("no log"));
    EXPECT_EQ(malformed.verdict, Verdict::malformed);
    ASSERT_EQ(malformed.json.find("findings")->as_array().size(), 1U);
    const auto message = [](const InspectReport& report) {
        return report.json.find("findings")->as_array().at(0).find("message")->as_string();
    };
    EXPECT_TRUE(message(malformed).contains("this is text: give the binary log")) << message(malformed);
    EXPECT_FALSE(message(inspect_eventlog(Buffer(7))).contains("text"));
}

} // namespace
} // namespace vouchsafe::appraisal
