# Code of our .proto files, in the build tree and as SYSTEM includes: -Werror does not see what protoc writes.
function(tidegate_protos target)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target})
  file(MAKE_DIRECTORY ${generated})
  set(sources)
  foreach(proto ${ARGN})
    get_filename_component(folder ${proto} DIRECTORY)
    get_filename_component(name ${proto} NAME_WE)
    set(outputs ${generated}/${name}.pb.cc ${generated}/${name}.pb.h ${generated}/${name}.grpc.pb.cc
                ${generated}/${name}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc -I ${folder} --cpp_out=${generated} --grpc_out=${generated}
              --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${proto}
      DEPENDS ${proto}
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${generated})
  target_link_libraries(${target} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  if(TIDEGATE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize=null)
  endif()
endfunction()
