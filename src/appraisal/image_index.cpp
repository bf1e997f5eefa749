#include "appraisal/image_index.h"

#include "base/reader.h"

#include <functional>
#include <set>
#include <string_view>

namespace vouchsafe::appraisal {

namespace {

/// Types and digests of one bank in order, brought down to a number. Whoever makes two alike gains nothing:
/// the images that are found are matched in full.
class Print {
public:
    explicit Print(Algorithm bank) { text_.big(static_cast<std::uint16_t>(bank)); }

    void add(std::uint32_t pcr, std::uint32_t type, Bytes digest) { text_.big(pcr).big(type).bytes(digest); }

    std::size_t done() const { return std::hash<std::string_view>{}(as_text(text_.view())); }

private:
    Writer text_;
};

std::size_t print_of(const BaseImage& image, Algorithm bank) {
    Print print(bank);
    for (const std::uint32_t pcr : image_pcrs)
        for (const Reference& reference : image.references)
            if (reference.pcr == pcr)
                print.add(pcr, reference.type, reference.digests.at(bank));
    return print.done();
}

/// Banks of which every reference has a digest.
std::set<Algorithm> banks_of(const BaseImage& image) {
    std::set<Algorithm> banks;
    if (!image.references.empty())
        for (const auto& [bank, digest] : image.references.front().digests)
            banks.insert(bank);
    for (const Reference& reference : image.references)
        std::erase_if(banks, [&](Algorithm bank) { return !reference.digests.contains(bank); });
    return banks;
}

} // namespace

ImageIndex::ImageIndex(std::span<const BaseImage> images) {
    for (const BaseImage& image : images)
        for (const Algorithm bank : banks_of(image))
            images_.emplace(print_of(image, bank), &image);
}

std::vector<const BaseImage*> ImageIndex::find(const JudgedEvents& events, Algorithm bank) const {
    Print print(bank);
    for (const auto& of_pcr : events)
        for (const eventlog::Event* const event : of_pcr) {
            const auto digest = event->digest(bank);
            if (!digest)
                return {};
            print.add(event->pcr, event->type, *digest);
        }
    std::vector<const BaseImage*> out;
    const auto [begin, end] = images_.equal_range(print.done());
    for (auto place = begin; place != end; ++place)
        out.push_back(place->second);
    return out;
}

} // namespace vouchsafe::appraisal
