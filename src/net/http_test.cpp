#include "net/endpoint.h"
#include "net/http.h"
#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::net {
namespace {

TEST(PercentDecode, UndoesEscapes) {
    EXPECT_EQ(percent_decode("a%2Fb%20c").value(), "a/b c");
    EXPECT_EQ(percent_decode("a+b").value(), "a+b");
    EXPECT_EQ(percent_decode("").value(), "");
}

TEST(PercentDecode, RefusesBrokenEscapes) {
    for (const std::string text : {"%", "%2", "%zz", "%00", "a%2", "%ff"}) {
        const auto decoded = percent_decode(text);
        ASSERT_FALSE(decoded) << text;
        EXPECT_EQ(decoded.error().where, "http.escape");
    }
}

TEST(PercentEncode, IsUndoneByDecode) {
    const std::string text = "a/b ?&=%ü~";
    EXPECT_EQ(percent_encode(text), "a%2Fb%20%3F%26%3D%25%C3%BC~");
    EXPECT_EQ(percent_decode(percent_encode(text)).value(), text);
}

TEST(ParseQuery, KeepsOrderAndRepeats) {
    const auto items = parse_query("state=ENABLE&state=DISABLE&flag&x=a%26b+c").value();
    ASSERT_EQ(items.size(), 4U);
    EXPECT_EQ(items[0].value, "ENABLE");
    EXPECT_EQ(items[1].value, "DISABLE");
    EXPECT_EQ(items[2].name, "flag");
    EXPECT_EQ(items[2].value, "");
    EXPECT_EQ(items[3].value, "a&b c");
}

TEST(ParseQuery, RefusesMoreThan64Items) {
    std::string query = "a=1";
    for (int i = 1; i < 64; ++i)
        query += "&a=1";
    EXPECT_EQ(parse_query(query).value().size(), 64U);
    const auto refused = parse_query(query + "&a=1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST(ParseUrl, TakesHostPortAndPath) {
    const auto url = parse_url("https://authority-1.localhost:8443/v1/x?y=z").value();
    EXPECT_EQ(url.endpoint.host, "authority-1.localhost");
    EXPECT_EQ(url.endpoint.port, 8443);
    EXPECT_EQ(url.target, "/v1/x?y=z");
    EXPECT_EQ(parse_url("https://a").value().endpoint.port, 443);
    EXPECT_EQ(parse_url("https://a").value().target, "/");
    EXPECT_EQ(parse_url("https://[::1]:99").value().endpoint.host, "::1");
    EXPECT_EQ(to_text(parse_url("https://[::1]:99").value().endpoint), "[::1]:99");
}

struct BadUrl {
    const char* text;
    const char* where;
};

TEST(ParseUrl, RefusesWhatIsNone) {
    for (const BadUrl& bad : {BadUrl{"http://a", "url.scheme"},
                              BadUrl{"https://", "url.host"},
                              BadUrl{"https://a b", "url.host"},
                              BadUrl{"https://user@a", "url.host"},
                              BadUrl{"https://[a]", "url.host"},
                              BadUrl{"https://[::1", "url.host"},
                              BadUrl{"https://a:0", "url.port"},
                              BadUrl{"https://a:65536", "url.port"},
                              BadUrl{"https://a:8x", "url.port"},
                              BadUrl{"https://a/b c", "url.path"},
                              BadUrl{"https://a/#b", "url.path"}}) {
        const auto url = parse_url(bad.text);
        ASSERT_FALSE(url) << bad.text;
        EXPECT_EQ(url.error().where, bad.where) << bad.text;
    }
}

TEST(ServerNames, AreNamesOrAddressesAlone) {
    for (const char* const name : {"a", "authority-1.localhost", "192.0.2.1", "A_b.c"})
        EXPECT_TRUE(check_server_name(name)) << name;
    for (const char* const name : {"", "a b", "a:443", "[::1]", "::1", "a/b", "https://a", "\xc3\xa4"})
        EXPECT_FALSE(check_server_name(name)) << name;
}

TEST(Resolve, KnowsLocalhostWithoutAsking) {
    const Deadline past = Deadline::clock::now() - std::chrono::seconds(1); // nobody can be asked
    for (const std::string name : {"localhost", "authority-1.localhost", "A.LOCALHOST", "localhost."})
        EXPECT_EQ(resolve(name, {}, past).value().front(), "127.0.0.1") << name;
    EXPECT_EQ(resolve("10.1.2.3", {}, past).value(), std::vector<std::string>{"10.1.2.3"});
}

TEST(Resolve, LetsTheMapSayOtherwise) {
    const ResolveMap map{{"authority-1.localhost", "10.0.2.2"}, {"broken", "no-address"}};
    const Deadline past = Deadline::clock::now() - std::chrono::seconds(1);
    EXPECT_EQ(resolve("authority-1.localhost", map, past).value(), std::vector<std::string>{"10.0.2.2"});
    EXPECT_EQ(resolve("broken", map, past).error().where, "net.resolve");
}

TEST(Request, HasNoHeaderThatWasGivenTwice) {
    Request request;
    request.headers = {{"a", "1"}, {"b", "2"}, {"b", "3"}};
    EXPECT_EQ(request.header("a"), "1");
    EXPECT_EQ(request.header("b"), "");
    EXPECT_EQ(request.header("c"), "");
}

TEST(RequestParser, TakesARequestInAnyPieces) {
    const std::string text = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        RequestParser parser(1024);
        Buffer held;
        std::size_t sent = 0;
        while (parser.state() != RequestParser::State::done) {
            const std::size_t taken = parser.feed(held);
            held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(taken));
            if (taken == 0) {
                ASSERT_LT(sent, text.size()) << piece;
                const Bytes more = as_bytes(std::string_view(text).substr(sent, piece));
                held.insert(held.end(), more.begin(), more.end());
                sent += more.size();
            }
        }
        Request request = parser.take();
        EXPECT_EQ(request.method, Method::post);
        EXPECT_EQ(request.path(), "/a");
        EXPECT_EQ(request.query(), "b=c");
        EXPECT_EQ(as_text(request.body), "hello") << piece;
    }
}

struct BadRequest {
    const char* text;
    int status;
};

TEST(RequestParser, RefusesWithTheRightStatus) {
    for (const BadRequest& bad :
         {BadRequest{"\x16\x03\x01 garbage\r\n\r\n", 400},
          BadRequest{"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
          BadRequest{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
          BadRequest{"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
          BadRequest{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
          BadRequest{"GET http://a/ HTTP/1.1\r\n\r\n", 400},
          BadRequest{"GET * HTTP/1.1\r\n\r\n", 400},
          BadRequest{"BREW / HTTP/1.1\r\n\r\n", 501},
          BadRequest{"GET / HTTP/2.0\r\n\r\n", 505},
          BadRequest{"GET / HTTP/1.1\r\nExpect: miracle\r\n\r\n", 417}}) {
        RequestParser parser(1024);
        (void)parser.feed(as_bytes(bad.text));
        ASSERT_EQ(parser.state(), RequestParser::State::refused) << bad.text;
        EXPECT_EQ(parser.refusal().status, bad.status) << bad.text;
        EXPECT_TRUE(parser.refusal().body.contains(R"("error_type":)"));
    }
}

TEST(EncodeResponse, LeavesNoBodyWhereNoneBelongs) {
    const Response response{.status = 204, .body = "x"};
    EXPECT_FALSE(encode_response(response, true, true).contains("Content-Length"));
    const std::string head = encode_response({.body = "12345"}, false, false);
    EXPECT_TRUE(head.contains("Content-Length: 5"));
    EXPECT_TRUE(head.contains("Connection: close"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

} // namespace
} // namespace vouchsafe::net
