// The one place that compiles Asio's and Beast's own sources.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
