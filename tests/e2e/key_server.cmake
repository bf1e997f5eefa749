# KMIP over TLS against a PyKMIP key server of its own: net's transport, kmip's client, keyprovider's cache.
find_package(GTest REQUIRED)
add_executable(e2e_key_server "${CMAKE_CURRENT_LIST_DIR}/key_server_test.cpp")
target_link_libraries(e2e_key_server PRIVATE
    vs_keyprovider vs_net vs_test_kmip_server vs_flags GTest::gtest)
target_include_directories(e2e_key_server PRIVATE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(e2e_key_server PRIVATE VS_TOOLS="${CMAKE_SOURCE_DIR}/tools")
vs_e2e(key_server COMMAND e2e_key_server)
# The command line against the same server.
add_executable(e2e_kmip_probe "${CMAKE_CURRENT_LIST_DIR}/kmip_probe_test.cpp")
target_link_libraries(e2e_kmip_probe PRIVATE vs_json vs_flags GTest::gtest)
target_include_directories(e2e_kmip_probe PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(e2e_kmip_probe PRIVATE
    VS_TOOLS="${CMAKE_SOURCE_DIR}/tools" VS_VOUCHSAFE="${CMAKE_BINARY_DIR}/bin/vouchsafe")
add_dependencies(e2e_kmip_probe vouchsafe)
vs_e2e(kmip_probe COMMAND e2e_kmip_probe)
find_package(OpenSSL 3.0 REQUIRED)
# Key servers of our own, for what PyKMIP cannot: broken connections, replicas, versions 1.1 and 2.1.
add_executable(e2e_kmip_wire "${CMAKE_CURRENT_LIST_DIR}/kmip_wire_test.cpp"
    "${CMAKE_SOURCE_DIR}/tests/support/kmip_wire.cpp" "${CMAKE_SOURCE_DIR}/src/net/support_test.cpp")
target_link_libraries(e2e_kmip_wire PRIVATE
    vs_keyprovider vs_net vs_test_kmip_server vs_flags OpenSSL::SSL GTest::gtest GTest::gtest_main)
target_include_directories(e2e_kmip_wire PRIVATE "${CMAKE_SOURCE_DIR}")
vs_e2e(kmip_wire COMMAND e2e_kmip_wire)
