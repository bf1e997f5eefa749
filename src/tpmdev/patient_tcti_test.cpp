// A TPM that is busy, as no real one can be made to be: every code that asks for patience, and how long it
// lasts.
#include "base/reader.h"
#include "tpmdev/patient_tcti.h"

#include <gtest/gtest.h>
#include <tss2/tss2_tpm2_types.h>

#include <deque>
#include <vector>

namespace vouchsafe::tpmdev {
namespace {

using std::chrono::milliseconds;

/// A TPM that answers with the given codes in turn, and with the last one for ever.
class FakeTpm {
public:
    explicit FakeTpm(std::deque<TPM2_RC> codes) : codes_(std::move(codes)) {
        shell_.common.version = 1;
        shell_.common.transmit = [](TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* bytes) {
            self_of(context).commands.emplace_back(bytes, bytes + size);
            return TSS2_RC{TSS2_RC_SUCCESS};
        };
        shell_.common.receive =
            [](TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* bytes, std::int32_t) {
                FakeTpm& self = self_of(context);
                if (self.broken)
                    return TSS2_RC{TSS2_TCTI_RC_IO_ERROR};
                const Buffer answer = Writer()
                                          .big(std::uint16_t{TPM2_ST_NO_SESSIONS})
                                          .big(std::uint32_t{10})
                                          .big(std::uint32_t{self.codes_.front()})
                                          .done();
                if (self.codes_.size() > 1)
                    self.codes_.pop_front();
                std::copy(answer.begin(), answer.end(), bytes);
                *size = answer.size();
                return TSS2_RC{TSS2_RC_SUCCESS};
            };
        shell_.self = this;
    }

    TSS2_TCTI_CONTEXT* context() { return reinterpret_cast<TSS2_TCTI_CONTEXT*>(&shell_); }

    std::vector<Buffer> commands;
    bool broken = false;

private:
    struct Shell {
        TSS2_TCTI_CONTEXT_COMMON_V1 common{};
        FakeTpm* self = nullptr;
    };

    static FakeTpm& self_of(TSS2_TCTI_CONTEXT* context) { return *reinterpret_cast<Shell*>(context)->self; }

    Shell shell_;
    std::deque<TPM2_RC> codes_;
};

/// A TPM behind patience, asked as tss2 asks.
struct Asked {
    explicit Asked(std::deque<TPM2_RC> codes) : tpm(std::move(codes)) {}

    TSS2_RC ask(const Buffer& command) {
        TSS2_TCTI_CONTEXT* const context = tcti.context();
        const auto& functions = *reinterpret_cast<TSS2_TCTI_CONTEXT_COMMON_V1*>(context);
        if (const TSS2_RC rc = functions.transmit(context, command.size(), command.data()); rc != 0)
            return rc;
        std::size_t size = 0;
        if (const TSS2_RC rc = functions.receive(context, &size, nullptr, TSS2_TCTI_TIMEOUT_BLOCK); rc != 0)
            return rc;
        answer.resize(size);
        return functions.receive(context, &size, answer.data(), TSS2_TCTI_TIMEOUT_BLOCK);
    }

    std::uint32_t code() const { return Reader(Bytes(answer).subspan(6)).big<std::uint32_t>("code").value(); }

    milliseconds waited() const {
        milliseconds sum{0};
        for (const milliseconds pause : pauses)
            sum += pause;
        return sum;
    }

    FakeTpm tpm;
    std::vector<milliseconds> pauses;
    PatientTcti tcti{tpm.context(), [this](milliseconds pause) { pauses.push_back(pause); }};
    Buffer answer;
};

const Buffer command{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7B, 0, 8};

TEST(PatientTcti, AsksAgainWithGrowingPauses) {
    for (const TPM2_RC busy :
         {TPM2_RC_RETRY, TPM2_RC_YIELDED, TPM2_RC_TESTING, TPM2_RC_NV_RATE, TPM2_RC_CANCELED}) {
        Asked at({busy, busy, busy, TPM2_RC_SUCCESS});
        ASSERT_EQ(at.ask(command), TSS2_RC_SUCCESS);
        EXPECT_EQ(at.code(), TPM2_RC_SUCCESS);
        EXPECT_EQ(at.tpm.commands, std::vector<Buffer>(4, command));
        EXPECT_EQ(at.pauses, (std::vector{milliseconds(1), milliseconds(2), milliseconds(4)}));
    }
}

TEST(PatientTcti, TakesEveryOtherAnswerAsItIs) {
    for (const TPM2_RC code : {TPM2_RC_SUCCESS, TPM2_RC_LOCKOUT, TPM2_RC_HIERARCHY, TPM2_RC_AUTH_FAIL}) {
        Asked at({code, TPM2_RC_SUCCESS});
        ASSERT_EQ(at.ask(command), TSS2_RC_SUCCESS);
        EXPECT_EQ(at.code(), code);
        EXPECT_EQ(at.tpm.commands.size(), 1U);
    }
}

TEST(PatientTcti, EndsAfterTwoSeconds) {
    Asked at({TPM2_RC_RETRY});
    ASSERT_EQ(at.ask(command), TSS2_RC_SUCCESS);
    EXPECT_EQ(at.code(), TPM2_RC_RETRY);
    EXPECT_GE(at.waited(), PatientTcti::patience);
    EXPECT_LE(at.waited(), PatientTcti::patience + PatientTcti::longest_pause);
    // tss2 sends the same once more: no more waiting for it
    const std::size_t before = at.pauses.size();
    ASSERT_EQ(at.ask(command), TSS2_RC_SUCCESS);
    EXPECT_EQ(at.pauses.size(), before);
    // another command has its own time
    Buffer other = command;
    other.back() = 9;
    ASSERT_EQ(at.ask(other), TSS2_RC_SUCCESS);
    EXPECT_GT(at.pauses.size(), before);
}

TEST(PatientTcti, GivesErrorsOfTheConnection) {
    Asked at({TPM2_RC_SUCCESS});
    at.tpm.broken = true;
    EXPECT_EQ(at.ask(command), TSS2_TCTI_RC_IO_ERROR);
}

TEST(PatientTcti, SaysWhenTheRoomIsTooSmall) {
    Asked at({TPM2_RC_SUCCESS});
    TSS2_TCTI_CONTEXT* const context = at.tcti.context();
    const auto& functions = *reinterpret_cast<TSS2_TCTI_CONTEXT_COMMON_V1*>(context);
    ASSERT_EQ(functions.transmit(context, command.size(), command.data()), TSS2_RC_SUCCESS);
    Buffer small(9);
    std::size_t size = small.size();
    EXPECT_EQ(functions.receive(context, &size, small.data(), TSS2_TCTI_TIMEOUT_BLOCK),
              TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
    EXPECT_EQ(size, 10U);
}

} // namespace
} // namespace vouchsafe::tpmdev
