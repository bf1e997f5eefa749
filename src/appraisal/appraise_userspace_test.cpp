// What userspace extended after firmware: stages 3 and 6 of appraise.
#include "tests/support/appraisal_fixture.h"
#include "tests/support/userspace_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;
using Words = std::vector<test::UserspaceWord>;

constexpr std::size_t all = 1000;

/// A recorded boot of three banks that went on: userspace extended words and wrote its log.
struct Running {
    Scene scene{"uki-cmdline", {"uki-cmdline"}};
    std::string log;

    std::vector<Algorithm> banks() const {
        std::vector<Algorithm> out;
        for (const auto& [bank, values] : scene.quoted.banks)
            out.push_back(bank);
        return out;
    }

    void extend_pcr(Algorithm bank, const test::UserspaceWord& word) {
        Buffer& value = scene.quoted.banks.at(bank).at(word.pcr);
        value = extend(bank, value, hash(bank, as_bytes(word.text)));
    }

    /// Extends the first `quoted` of the words; the log has them all.
    Running& run(const Words& words, std::size_t quoted = all) {
        for (const test::UserspaceWord& word : words) {
            log += test::userspace_record(word, banks());
            if (quoted == 0)
                continue;
            --quoted;
            for (const Algorithm bank : banks())
                extend_pcr(bank, word);
        }
        return *this;
    }

    Appraisal appraise() {
        scene.userspace_log = as_bytes(log);
        return scene.appraise();
    }
};

Words phases(std::initializer_list<const char*> words) {
    Words out;
    for (const char* const word : words)
        out.push_back({.text = word});
    return out;
}

const Words whole_boot = phases({"enter-initrd", "leave-initrd", "sysinit", "ready"});
const Words identity{{15, "machine-id:5c1b1c7f2f1d4f0c9c8f6a0c0f4a7e11", "machine-id"},
                     {15, "file-system:/:ext4:root", "filesystem"}};
const std::string nv_index = "nvpcr-init:hardware:0x1d10200:000bff27";

TEST(Userspace, ItsLogLeadsOnFromFirmware) {
    Running host;
    host.run(identity).run(whole_boot);
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.tier, Tier::affirming);
    EXPECT_EQ(result.not_assessed,
              (std::vector<std::uint32_t>{1, 3, 5, 6, 15})); // nothing judges what is in 15
    host.scene.userspace_log.reset();
    EXPECT_EQ(codes(host.scene.appraise()), Codes{}); // systemd 252: the same words, and no log
}

TEST(Userspace, TheLogMayBeAheadOfTheQuote) {
    for (std::size_t quoted = 0; quoted <= whole_boot.size(); ++quoted)
        EXPECT_EQ(codes(Running().run(whole_boot, quoted).appraise()), Codes{}) << quoted;
    // what is beyond the quote is not judged
    EXPECT_EQ(codes(Running().run(whole_boot).run({{12, "anything"}}, 0).appraise()), Codes{});
}

TEST(Userspace, RefusesALogThatDoesNotLeadToTheQuote) {
    Running cut;
    cut.run(whole_boot);
    cut.log.resize(cut.log.rfind('\x1e'));
    const Appraisal result = cut.appraise();
    EXPECT_EQ(codes(result), Codes(3, "userspace.replay")); // once for each bank
    EXPECT_TRUE(result.reasons[0].message.contains("PCR 11 of sha1"));
    EXPECT_EQ(result.reasons[0].expected.at(0).digest,
              to_hex(cut.scene.quoted.banks.at(Algorithm::sha1).at(11)));

    Running altered;
    altered.run(identity);
    altered.scene.quoted.banks.at(Algorithm::sha384).at(15).front() ^= 1U;
    EXPECT_EQ(codes(altered.appraise()), Codes{"userspace.replay"});
}

TEST(Userspace, OnePlaceOfTheLogLeadsToEveryBankAndPcr) {
    Running banks;
    banks.run(whole_boot, 3);
    banks.extend_pcr(Algorithm::sha1, whole_boot[3]); // SHA-1 alone went on
    EXPECT_EQ(codes(banks.appraise()), Codes{"userspace.replay"});

    Running pcrs;
    pcrs.run({whole_boot[0], identity[0]}, 0);
    for (const Algorithm bank : pcrs.banks())
        pcrs.extend_pcr(bank, identity[0]); // the second without the first
    EXPECT_EQ(codes(pcrs.appraise()), Codes{"userspace.replay"});
}

TEST(Userspace, EveryRecordIsInEveryQuotedBank) {
    Running host;
    host.log += test::userspace_record(whole_boot[0], {Algorithm::sha256});
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{"userspace.bank"});
    EXPECT_EQ(result.reasons[0].event->type, "userspace");
}

TEST(Userspace, RefusesAMalformedLogAndSaysWhere) {
    Running host;
    host.run(whole_boot);
    host.log.pop_back();
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{"userspace.malformed"});
    EXPECT_TRUE(result.reasons[0].message.contains("record 3 at offset"));
    EXPECT_EQ(result.tier, Tier::none);
}

TEST(Userspace, PhasesHaveAnOrder) {
    const auto judged = [](std::initializer_list<const char*> words) {
        return codes(Running().run(phases(words)).appraise());
    };
    EXPECT_EQ(judged({"sysinit", "ready"}), Codes{}); // an initrd without systemd
    EXPECT_EQ(judged({"enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final"}), Codes{});
    for (const auto& words : {phases({"leave-initrd"}),
                              phases({"ready"}),
                              phases({"enter-initrd", "sysinit"}),
                              phases({"sysinit", "sysinit"}),
                              phases({"leave-initrd", "enter-initrd"}),
                              phases({"anything"}),
                              phases({""})})
        EXPECT_TRUE(reason(Running().run(words).appraise(), "userspace.grammar") != nullptr) << words[0].text;
    // a soft reboot replaces userspace, and no event says by what
    EXPECT_EQ(judged({"sysinit", "ready", "shutdown", "final", "sysinit"}), Codes{"userspace.grammar"});
    EXPECT_EQ(judged({"sysinit", "ready", "shutdown", "final", "anything"}), Codes{"userspace.grammar"});
}

TEST(Userspace, TextCountsOnlyWhereItWasMeasured) {
    Running host;
    host.run({{11, "anything"}});
    host.log.replace(host.log.find("\"anything\""), 10, "\"sysinit\"");
    EXPECT_EQ(codes(host.appraise()), Codes{"userspace.grammar"});
}

TEST(Userspace, EachKindHasItsPlace) {
    const auto judged = [](std::uint32_t pcr, const std::string& text) {
        return codes(Running().run({{pcr, text}}).appraise());
    };
    EXPECT_EQ(judged(9, nv_index), Codes{});
    EXPECT_EQ(judged(15, "anything"), Codes{});
    EXPECT_EQ(judged(9, "anything"), Codes{"userspace.grammar"});
    EXPECT_EQ(judged(11, nv_index), Codes{"userspace.grammar"});
    for (const std::uint32_t pcr : {0U, 2U, 4U, 5U, 7U, 8U, 9U, 12U, 13U, 14U})
        EXPECT_EQ(judged(pcr, "sysinit"), Codes{"userspace.grammar"}) << pcr;
    const auto nv_indices = [](const Words& words) { return codes(Running().run(words).appraise()); };
    EXPECT_EQ(nv_indices({{9, nv_index}, {9, "nvpcr-separator"}}), Codes{});
    EXPECT_EQ(nv_indices({{9, "nvpcr-separator"}, {9, nv_index}}), Codes{"userspace.grammar"});
}

TEST(Userspace, NeverStandsForAFirmwareEvent) {
    // The last section of the unified kernel image is taken out of firmware's log, and told by userspace's.
    Running host;
    test::EditableLog log = host.scene.log();
    const std::size_t place = place_of(log, [](const auto& e) { return is_section_content(e, ".cmdline"); });
    json::Array digests;
    for (const auto& [bank, digest] : log.events[place].digests)
        digests.push_back(json::object({{"hashAlg", to_string(bank)}, {"digest", to_hex(digest)}}));
    std::erase_if(log.events, [](const auto& e) { return e.pcr == 11; });
    host.scene.reboot(log);
    host.log = test::userspace_record(json::object({{"pcr", 11}, {"digests", digests}}));
    for (auto& [bank, values] : host.scene.quoted.banks)
        values.at(11) = extend(bank, values.at(11), *from_hex(digests[0].find("digest")->as_string()));
    EXPECT_FALSE(host.appraise().trusted());
}

TEST(Userspace, PcrsThatCanBeResetAreNotReplayed) {
    Running host;
    host.log = test::userspace_record(test::UserspaceWord{.pcr = 16, .text = "debug"}, host.banks());
    for (auto& [bank, values] : host.scene.quoted.banks)
        values[16] = start_value(bank, 16, 0); // reset since
    EXPECT_EQ(codes(host.appraise()), Codes{});
}

TEST(Userspace, ItsRecordsInPcr9AreNotOfTheBootAggregate) {
    // "uki" begins its IMA list with the hash of PCR 0 to 9 as firmware left them.
    Running host;
    host.run({{9, nv_index}});
    const Appraisal result = host.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.ima_end.entries, 1U);
}

TEST(Userspace, WordsWithoutALogEndAtTheSameOneInEveryBank) {
    const auto judged = [](const Words& words, std::size_t more_in_sha1, bool other_log) {
        Running host;
        host.run(words).log.clear();
        for (const test::UserspaceWord& word : whole_boot)
            if (more_in_sha1 > 0 && --more_in_sha1 == 0)
                host.extend_pcr(Algorithm::sha1, word);
        if (other_log) // which does not tell of PCR 11
            host.run(identity);
        return codes(host.appraise());
    };
    for (const bool other_log : {false, true}) {
        EXPECT_EQ(judged(whole_boot, 0, other_log), Codes{});
        EXPECT_EQ(judged(phases({"sysinit", "ready"}), 0, other_log), Codes{});
        EXPECT_EQ(judged(phases({"enter-initrd", "sysinit"}), 0, other_log), Codes(3, "eventlog.replay"));
        EXPECT_EQ(judged(phases({"ready", "sysinit"}), 0, other_log), Codes(3, "eventlog.replay"));
        EXPECT_EQ(judged({}, 1, other_log), Codes{"eventlog.replay"});
        EXPECT_EQ(judged(phases({"enter-initrd"}), 2, other_log), Codes(3, "eventlog.replay"));
    }
}

} // namespace
} // namespace vouchsafe::appraisal
