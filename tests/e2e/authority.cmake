# The daemons as processes of their own, against bad input, crashes and a key server in trouble. Hosts are played
# in the test; the key server is PyKMIP.
find_package(GTest REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
set(support "${CMAKE_SOURCE_DIR}/tests/support")
add_library(vs_test_authority STATIC
    "${support}/daemon.cpp" "${support}/authority_process.cpp" "${support}/played_host.cpp"
    "${support}/key_server_process.cpp" "${support}/slow_proxy.cpp")
target_include_directories(vs_test_authority PUBLIC "${CMAKE_SOURCE_DIR}")
target_compile_definitions(vs_test_authority PUBLIC
    VS_TOOLS="${CMAKE_SOURCE_DIR}/tools" VS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
target_link_libraries(vs_test_authority PUBLIC vs_authority PRIVATE vs_flags)

file(GLOB wire_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/wire_*.cpp")
add_executable(e2e_wire ${wire_sources})
target_link_libraries(e2e_wire PRIVATE vs_test_authority vs_flags GTest::gtest OpenSSL::SSL)
# Waiting is most of what SlowClients does: beside the others it costs nothing.
vs_e2e(wire COMMAND e2e_wire --gtest_filter=-SlowClients.*)
vs_e2e(wire_slow COMMAND e2e_wire --gtest_filter=SlowClients.*)

add_executable(e2e_crash "${CMAKE_CURRENT_LIST_DIR}/authority_crash_test.cpp" "${support}/key_server_main.cpp")
target_link_libraries(e2e_crash PRIVATE vs_test_authority vs_flags GTest::gtest)
vs_e2e(crash COMMAND e2e_crash)

add_executable(e2e_key_server_faults
    "${CMAKE_CURRENT_LIST_DIR}/authority_key_server_faults_test.cpp" "${support}/key_server_main.cpp")
target_link_libraries(e2e_key_server_faults PRIVATE vs_test_authority vs_flags GTest::gtest)
vs_e2e(key_server_faults COMMAND e2e_key_server_faults)

add_executable(e2e_providers
    "${CMAKE_CURRENT_LIST_DIR}/authority_providers_test.cpp" "${CMAKE_CURRENT_LIST_DIR}/authority_strict_test.cpp"
    "${support}/key_server_main.cpp")
target_link_libraries(e2e_providers PRIVATE vs_test_authority vs_agent vs_flags GTest::gtest)
vs_e2e(providers COMMAND e2e_providers --gtest_filter=-LongStorms.*)
vs_e2e(storms_long LONG TIMEOUT 1800 COMMAND e2e_providers --gtest_filter=LongStorms.*)

# The same while keys are released all the time; and with every fault at either key server, again and again.
add_executable(e2e_load_faults "${CMAKE_CURRENT_LIST_DIR}/authority_load_faults_test.cpp")
target_link_libraries(e2e_load_faults PRIVATE vs_test_authority vs_flags GTest::gtest)
vs_e2e(load_faults COMMAND e2e_load_faults)
vs_e2e(load_faults_long LONG TIMEOUT 1800 COMMAND e2e_load_faults 6)

# For the suites of lab/ that compute an image and boot it.
add_executable(e2e_image_boot "${CMAKE_CURRENT_LIST_DIR}/image_boot.cpp")
target_link_libraries(e2e_image_boot PRIVATE vs_test_authority vs_flags)

add_executable(e2e_revocation "${CMAKE_CURRENT_LIST_DIR}/authority_revocation_test.cpp" "${support}/key_server_main.cpp")
target_link_libraries(e2e_revocation PRIVATE vs_test_authority vs_flags GTest::gtest)
vs_e2e(revocation COMMAND e2e_revocation)

add_executable(e2e_secrets "${CMAKE_CURRENT_LIST_DIR}/authority_secrets_test.cpp"
    "${CMAKE_CURRENT_LIST_DIR}/authority_secrets_agent_test.cpp" "${CMAKE_CURRENT_LIST_DIR}/secrets_house.cpp"
    "${support}/needle.cpp")
target_link_libraries(e2e_secrets PRIVATE vs_test_authority vs_agent vs_vmcrypt vs_cli vs_flags GTest::gtest)
vs_e2e(secrets COMMAND e2e_secrets)
