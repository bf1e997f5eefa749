// IMA policies that measure into other PCRs than 10: stage 7 of appraise.
#include "tests/support/appraisal_fixture.h"
#include "tests/support/ima_list.h"
#include "tests/support/userspace_log.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;
using test::ImaFields;

ImaFields file(std::uint32_t pcr, std::string name) {
    Buffer digest = hash(Algorithm::sha256, as_bytes(name));
    return {.pcr = pcr, .name = std::move(name), .digest = std::move(digest)};
}

/// A recorded boot that goes on: the kernel lists files and extends PCRs, userspace extends words.
struct Measured : Scene {
    explicit Measured(const std::string& name) : Scene(name, {name}) {}

    /// Lists entries that are not extended.
    Measured& list(const std::vector<ImaFields>& entries) {
        for (const ImaFields& fields : entries) {
            const Buffer entry = test::ima_entry(fields);
            boot.ima_log.insert(boot.ima_log.end(), entry.begin(), entry.end());
        }
        ima_log = boot.ima_log;
        return *this;
    }

    /// Extends entries in a bank, as the recorded kernel did: it has no SHA-384, so pads SHA-1.
    void extend_pcrs(Algorithm bank, const std::vector<ImaFields>& entries) {
        for (const ImaFields& fields : entries) {
            const Buffer bytes = test::ima_entry(fields);
            const auto parsed = eventlog::parse_ima_list(bytes);
            const eventlog::ImaEntry& entry = parsed->entries.at(0);
            Buffer digest = bank == Algorithm::sha384 ? to_buffer(entry.template_digest)
                                                      : hash(bank, entry.template_data);
            digest.resize(eventlog::digest_size(bank).value());
            Buffer& value = quoted.banks.at(bank).at(fields.pcr);
            value = extend(bank, value, digest);
        }
    }

    Measured& run(const std::vector<ImaFields>& entries) {
        list(entries);
        for (const auto& [bank, values] : boot.pcrs)
            extend_pcrs(bank, entries);
        return *this;
    }

    std::vector<Algorithm> banks() const {
        std::vector<Algorithm> out;
        for (const auto& [bank, values] : quoted.banks)
            out.push_back(bank);
        return out;
    }

    void extend_word(Algorithm bank, const std::string& word) {
        Buffer& value = quoted.banks.at(bank).at(11);
        value = extend(bank, value, hash(bank, as_bytes(word)));
    }

    Measured& say(const std::string& word) {
        for (const Algorithm bank : banks())
            extend_word(bank, word);
        return *this;
    }

    /// The word's record; it may be in no quote.
    Measured& record(const std::string& word) {
        written += test::userspace_record(test::UserspaceWord{.pcr = 11, .text = word}, banks());
        userspace_log = as_bytes(written);
        return *this;
    }

    std::string written; ///< userspace's log
};

const std::vector<ImaFields> in_both{
    file(10, "/bin/a"), file(11, "/bin/b"), file(11, "/bin/c"), file(10, "/d")};

TEST(ImaPcrs, EntriesOfAnotherPcrLeadToIt) {
    Measured host("grub"); // nothing but IMA extends PCR 11
    host.run(in_both);
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.ima_end.entries, 5U);
    EXPECT_EQ(result.ima_pending, 0U);
    EXPECT_EQ(result.ima_end.values.at(Algorithm::sha256).at(11),
              host.quoted.banks.at(Algorithm::sha256).at(11));

    Measured altered("grub");
    altered.run(in_both).quoted.banks.at(Algorithm::sha256).at(11).front() ^= 1U;
    EXPECT_EQ(codes(altered.appraise()), Codes{"ima.replay"});
    EXPECT_TRUE(altered.appraise().reasons[0].message.contains("PCR 10 and 11"));

    Measured hidden("grub"); // a list without the entries of PCR 11
    hidden.run({file(11, "/bin/b")});
    hidden.ima_log = Bytes(hidden.boot.ima_log).first(test::load_boot("grub").ima_log.size());
    EXPECT_EQ(codes(hidden.appraise()), Codes{"pcr.unexplained"});

    Measured made_up("grub"); // an entry that was never extended is not in the quote
    made_up.list({file(11, "/bin/b")});
    EXPECT_EQ(made_up.appraise().ima_pending, 1U);
}

TEST(ImaPcrs, OnePrefixLeadsToAllOfThem) {
    for (std::size_t extended = 0; extended <= in_both.size(); ++extended) {
        Measured host("grub");
        host.list(in_both);
        host.extend_pcrs(Algorithm::sha256,
                         {in_both.begin(), in_both.begin() + static_cast<std::ptrdiff_t>(extended)});
        const Appraisal result = host.appraise();
        EXPECT_EQ(codes(result), Codes{}) << extended;
        EXPECT_EQ(result.ima_end.entries, 1 + extended);
        EXPECT_EQ(result.ima_pending, in_both.size() - extended);
    }
    // PCR 10 is ahead: its second entry was extended without those between
    Measured ahead("grub");
    ahead.list(in_both);
    ahead.extend_pcrs(Algorithm::sha256, {in_both.front(), in_both.back()});
    EXPECT_EQ(codes(ahead.appraise()), Codes{"ima.replay"});
    // PCR 11 is ahead
    Measured behind("grub");
    behind.list(in_both);
    behind.extend_pcrs(Algorithm::sha256, {in_both[1]});
    EXPECT_EQ(codes(behind.appraise()), Codes{"ima.replay"});
}

TEST(ImaPcrs, ABankHasOneFormAndAllEndAtTheSameEntry) {
    const std::vector<ImaFields> entries{file(10, "/a"), file(12, "/b")};
    Measured host("uki-cmdline"); // three banks; SHA-384 takes padded SHA-1 digests
    host.run(entries);
    EXPECT_EQ(codes(host.appraise()), Codes{});

    Measured mixed("uki-cmdline");
    mixed.run({file(10, "/a")}).list({file(12, "/b")});
    for (const Algorithm bank : {Algorithm::sha1, Algorithm::sha256})
        mixed.extend_pcrs(bank, {file(12, "/b")});
    const Buffer bytes = test::ima_entry(file(12, "/b"));
    Buffer& value = mixed.quoted.banks.at(Algorithm::sha384).at(12);
    value = extend(Algorithm::sha384,
                   value,
                   hash(Algorithm::sha384, eventlog::parse_ima_list(bytes)->entries.at(0).template_data));
    EXPECT_EQ(codes(mixed.appraise()), Codes{"ima.replay"});

    Measured apart("uki-cmdline");
    apart.list(entries);
    apart.extend_pcrs(Algorithm::sha1, entries); // the other banks did not follow
    EXPECT_EQ(codes(apart.appraise()), Codes{"ima.replay"});
    EXPECT_TRUE(apart.appraise().reasons[0].message.contains("different entries"));
}

TEST(ImaPcrs, EntriesFollowWhatFirmwareMeasured) {
    const std::vector<ImaFields> entries{file(11, "/a"), file(10, "/b"), file(11, "/c")};
    Measured host("uki-cmdline"); // systemd-stub measured into PCR 11 before
    host.run(entries);
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.ima_end.entries, 4U);
    EXPECT_FALSE(result.ima_end.can_go_on()); // firmware's part is proven with the whole list alone

    Measured altered("uki-cmdline");
    altered.run(entries);
    test::EditableLog log = altered.log();
    const std::size_t place = place_of(log, [](const auto& e) { return is_section_content(e, ".cmdline"); });
    for (auto& [bank, digest] : log.events[place].digests)
        digest.front() ^= 1U;
    altered.forge(log);
    const Appraisal refused = altered.appraise();
    EXPECT_EQ(codes(refused), Codes{"ima.shared_pcr"});
    EXPECT_TRUE(refused.reasons[0].hint.contains("PCR 10"));

    Measured cut("uki-cmdline"); // the list is short of an entry that was extended
    cut.run(entries);
    cut.ima_log = Bytes(cut.boot.ima_log).first(cut.boot.ima_log.size() - test::ima_entry(entries[2]).size());
    EXPECT_EQ(codes(cut.appraise()), Codes{"ima.shared_pcr"});
}

TEST(ImaPcrs, EntriesFollowSystemdsWords) {
    const std::vector<ImaFields> entries{file(11, "/a"), file(10, "/b"), file(11, "/c")};
    for (const bool with_log : {false, true}) {
        Measured after("uki-cmdline");
        for (const std::string word : {"enter-initrd", "leave-initrd", "sysinit", "ready"}) {
            after.say(word);
            if (with_log)
                after.record(word);
        }
        after.run(entries);
        EXPECT_EQ(codes(after.appraise()), Codes{}) << with_log;

        Measured between("uki-cmdline"); // no log says that the entries came between the words
        between.say("sysinit").run(entries).say("ready");
        if (with_log)
            between.record("sysinit").record("ready");
        EXPECT_EQ(codes(between.appraise()), Codes{"ima.shared_pcr"}) << with_log;
    }
    Measured other("uki-cmdline"); // a word that is none of systemd's
    other.say("anything").run(entries);
    EXPECT_EQ(codes(other.appraise()), Codes{"ima.shared_pcr"});
    Measured ahead("uki-cmdline"); // the log may be ahead of the quote
    ahead.say("sysinit").record("sysinit").run(entries).record("ready");
    EXPECT_EQ(codes(ahead.appraise()), Codes{});
}

TEST(ImaPcrs, TheBanksBeginAfterTheSameWord) {
    Measured host("uki-cmdline");
    host.extend_word(Algorithm::sha1, "sysinit"); // in one bank alone
    host.run({file(11, "/a")});
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{"ima.replay"});
    EXPECT_TRUE(result.reasons[0].message.contains("different entries"));
}

TEST(ImaPcrs, NoEntryIsInAPcrThatProvesNothing) {
    for (const std::uint32_t pcr : {10U, 11U, 12U, 13U, 14U, 15U})
        EXPECT_EQ(codes(Measured("grub").list({file(pcr, "/a")}).appraise()), Codes{}) << pcr;
    for (const std::uint32_t pcr : {0U, 4U, 7U, 8U, 9U, 16U, 23U}) {
        Measured host("grub");
        const Appraisal result = host.list({file(pcr, "/a")}).appraise();
        EXPECT_EQ(codes(result), Codes{"ima.pcr"}) << pcr;
        ASSERT_TRUE(result.reasons[0].event);
        EXPECT_EQ(result.reasons[0].event->index, 1U);
        EXPECT_EQ(result.reasons[0].event->description, "/a");
    }
}

// What a boot loader measured, left out of the firmware log, must not pass as what the kernel measured later.
TEST(ImaPcrs, AnEventOfFirmwareIsNoEntry) {
    const auto shown_as = [](const ImaFields& fields, std::uint32_t pcr) {
        Measured host("grub");
        ImaFields entry = fields;
        entry.pcr = pcr;
        return codes(host.run({entry}).appraise());
    };
    const ImaFields free_form{.template_name = "n-ng", .name = "init=/bin/sh", .digest = {}};
    EXPECT_EQ(shown_as(free_form, 10), Codes{});
    EXPECT_EQ(shown_as(free_form, 12), Codes{"ima.pcr"});

    // The oldest template's hash is over 276 bytes without any length: a command line could be one.
    const auto oldest_in = [](std::uint32_t pcr) {
        Measured host("grub");
        const Buffer digest(20, 0x41);
        const std::string name = "init=/bin/sh";
        Buffer measured = Writer().bytes(digest).text(name).done();
        measured.resize(276);
        const Buffer entry = Writer()
                                 .little(pcr)
                                 .bytes(hash(Algorithm::sha1, measured))
                                 .little(std::uint32_t{3})
                                 .text("ima")
                                 .bytes(digest)
                                 .little(static_cast<std::uint32_t>(name.size()))
                                 .text(name)
                                 .done();
        host.boot.ima_log.insert(host.boot.ima_log.end(), entry.begin(), entry.end());
        host.ima_log = host.boot.ima_log;
        Buffer& value = host.quoted.banks.at(Algorithm::sha256).at(pcr);
        value = extend(Algorithm::sha256, value, hash(Algorithm::sha256, measured));
        return codes(host.appraise());
    };
    EXPECT_EQ(oldest_in(10), Codes{});
    EXPECT_EQ(oldest_in(12), Codes{"ima.pcr"});
}

TEST(ImaPcrs, AListGoesOnInAllOfThem) {
    Measured host("grub");
    host.run(in_both);
    const ImaPosition first = host.appraise().ima_end;
    ASSERT_TRUE(first.can_go_on());
    const std::size_t sent = host.boot.ima_log.size();
    host.run({file(11, "/e"), file(12, "/f"), file(10, "/g")});
    host.ima_log = Bytes(host.boot.ima_log).subspan(sent);
    host.ima_start = first;
    const Appraisal second = host.appraise();
    EXPECT_EQ(codes(second), Codes{});
    EXPECT_EQ(second.ima_end.entries, 8U);
    EXPECT_EQ(second.ima_end.values.at(Algorithm::sha256).size(), 3U);

    host.ima_start->values.at(Algorithm::sha256).at(11).front() ^= 1U;
    EXPECT_EQ(codes(host.appraise()), Codes{"ima.replay"});
    host.ima_start->values.at(Algorithm::sha256).erase(11);
    EXPECT_EQ(codes(host.appraise()), Codes{"ima.replay"});
    // nothing is sent, though PCR 11 was extended
    Measured silent("grub");
    silent.run(in_both);
    silent.ima_start = silent.appraise().ima_end;
    silent.run({file(11, "/e")}).ima_log.reset();
    EXPECT_EQ(codes(silent.appraise()), Codes{"ima.absent"});
    // a firmware log that tells of PCR 11 now, after the list that was judged without
    Measured other("uki-cmdline");
    const ImaPosition alone = other.appraise().ima_end;
    ASSERT_TRUE(alone.can_go_on());
    const std::size_t before = other.boot.ima_log.size();
    other.run({file(11, "/a")});
    other.ima_start = alone;
    other.ima_log = Bytes(other.boot.ima_log).subspan(before);
    EXPECT_EQ(codes(other.appraise()), Codes{"ima.position"});
    other.ima_start.reset();
    other.ima_log = other.boot.ima_log;
    EXPECT_EQ(codes(other.appraise()), Codes{});
}

TEST(ImaPcrs, EntriesAreJudgedInAnyOfThem) {
    Measured host("grub");
    BaseImage& image = host.images.front();
    image.userspace = Userspace::ima;
    image.ima.emplace();
    image.ima->digests = FileDigests::of({{Algorithm::sha256, {hash(Algorithm::sha256, as_bytes("/ok"))}}});
    host.run({file(11, "/ok")});
    EXPECT_EQ(codes(host.appraise()), Codes{});
    host.run({file(11, "/evil")});
    EXPECT_EQ(codes(host.appraise()), Codes{"ima.file"});
}

TEST(ImaPcrs, AnImageIsDerivedFromAllOfThem) {
    Measured host("grub");
    host.run({file(10, "/a"), file(11, "/b")});
    const auto firmware = eventlog::parse_firmware_log(host.boot.firmware_log);
    const auto derived = [&] {
        const auto list = eventlog::parse_ima_list(host.ima_log.value_or(Bytes()));
        const BootLogs logs{.firmware = *firmware, .userspace = {}, .ima = *list};
        const auto rule = derive_ima_rule(logs, host.quoted);
        const ImageFacts facts{.version = {"grub-1"},
                               .display_name = "Recorded",
                               .vendor = "tests",
                               .not_before = {},
                               .not_after = {},
                               .host_groups = {},
                               .command_line = host.boot.command_line};
        const auto image = derive(logs, host.quoted, facts);
        return Codes{rule ? std::to_string(rule->digests.size()) : rule.error().where,
                     image ? "image" : image.error().where};
    };
    EXPECT_EQ(derived(), (Codes{"2", "image"}));
    host.quoted.banks.at(Algorithm::sha256).at(11).front() ^= 1U;
    EXPECT_EQ(derived(), (Codes{"ima.replay", "ima.replay"}));
    host.ima_log = Bytes(host.boot.ima_log).first(test::load_boot("grub").ima_log.size());
    EXPECT_EQ(derived(), (Codes{"pcr.unexplained", "pcr.unexplained"}));
}

} // namespace
} // namespace vouchsafe::appraisal
