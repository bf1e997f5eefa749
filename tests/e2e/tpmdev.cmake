# A TPM by tpmdev, against swtpms of its own. Needs swtpm, swtpm-tools, gnutls-bin, tpm2-tools.
find_package(GTest REQUIRED)
add_executable(e2e_tpmdev "${CMAKE_CURRENT_LIST_DIR}/tpmdev_test.cpp"
    "${CMAKE_CURRENT_LIST_DIR}/tpmdev_trouble_test.cpp" "${CMAKE_SOURCE_DIR}/tests/support/tpm_proxy.cpp")
target_link_libraries(e2e_tpmdev PRIVATE vs_tpmdev vs_flags GTest::gtest GTest::gtest_main)
target_include_directories(e2e_tpmdev PRIVATE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(e2e_tpmdev PRIVATE VS_TOOLS="${CMAKE_SOURCE_DIR}/tools")
add_test(NAME e2e.tpmdev COMMAND e2e_tpmdev)
set_tests_properties(e2e.tpmdev PROPERTIES LABELS e2e TIMEOUT 600)

# The same behind a resource manager: tpm2-abrmd, downloaded and not installed, on a D-Bus of its own.
add_executable(e2e_resource_manager "${CMAKE_CURRENT_LIST_DIR}/tpmdev_resource_manager_test.cpp")
target_link_libraries(e2e_resource_manager PRIVATE vs_tpmdev vs_flags GTest::gtest)
target_include_directories(e2e_resource_manager PRIVATE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(e2e_resource_manager PRIVATE VS_TOOLS="${CMAKE_SOURCE_DIR}/tools")
vs_e2e(resource_manager COMMAND e2e_resource_manager)
