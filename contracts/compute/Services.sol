// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBonds} from "../core/interfaces/IBonds.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {Endpoint} from "../core/libraries/Endpoint.sol";
import {IModels} from "./interfaces/IModels.sol";
import {IServices} from "./interfaces/IServices.sol";
import {PriceTicks} from "./libraries/PriceTicks.sol";
import {TickBook} from "./libraries/TickBook.sol";
import {Capacity} from "./services/Capacity.sol";
import {Matching} from "./services/Matching.sol";
import {ServiceId, Tier} from "./types/ComputeTypes.sol";

/// @title Services
/// @notice See {IServices}.
contract Services is Matching {
    using TickBook for TickBook.Book;

    /// @param position where the service stands within its tick; meaningful while listed
    struct Record {
        address operator;
        uint16 tick;
        uint32 position;
        Tier tier;
        bool listed;
        address signer;
        bytes32 modelId;
        string endpoint;
    }

    /* IMMUTABLES */

    IModules private immutable MODULES;
    IModels private immutable MODELS;
    address private immutable SESSIONS;

    /* STORAGE */

    /// @inheritdoc IServices
    uint256 public count;
    mapping(ServiceId id => Record) private _records;
    mapping(bytes32 bookKey => TickBook.Book) private _books;
    mapping(address operator => mapping(bytes32 bookKey => ServiceId)) private _listedBy;

    /* CONSTRUCTOR */

    constructor(
        IBonds bonds,
        IParameters parameters,
        IModules modules,
        IModels models,
        address sessions,
        address audits
    ) Capacity(bonds, parameters, audits) {
        MODULES = modules;
        MODELS = models;
        SESSIONS = sessions;
    }

    /* MODIFIERS */

    modifier onlyOperator(ServiceId id) {
        address operator = _known(id).operator;
        require(msg.sender == operator, Services_NotOperator(id, msg.sender));
        _;
    }

    modifier onlySessions() {
        require(msg.sender == SESSIONS, Services_OnlySessions(msg.sender));
        _;
    }

    /* OFFERS */

    /// @inheritdoc IServices
    function register(Offer calldata offer) external returns (ServiceId id) {
        require(offer.tick <= PriceTicks.MAX_TICK, Services_TickTooHigh(offer.tick, PriceTicks.MAX_TICK));
        require(offer.signer != address(0), Services_InvalidSigner());
        require(Endpoint.isValid(offer.endpoint), Services_InvalidEndpoint(offer.endpoint));
        require(
            MODELS.allows(offer.modelId, offer.tier),
            Services_ModelNotOffered(offer.modelId, offer.tier)
        );
        _requireNewBusiness(msg.sender);

        id = ServiceId.wrap(uint64(++count));
        Record storage record = _records[id];
        record.operator = msg.sender;
        record.tick = offer.tick;
        record.tier = offer.tier;
        record.signer = offer.signer;
        record.modelId = offer.modelId;
        record.endpoint = offer.endpoint;
        emit ServiceRegistered(id, msg.sender, offer.modelId, offer);
        _enter(id, record);
    }

    /// @inheritdoc IServices
    function reprice(ServiceId id, uint16 tick) external onlyOperator(id) {
        require(tick <= PriceTicks.MAX_TICK, Services_TickTooHigh(tick, PriceTicks.MAX_TICK));

        Record storage record = _records[id];
        uint16 from = record.tick;
        if (record.listed) {
            TickBook.Book storage book = _books[_bookKey(record.modelId, record.tier)];
            _takeOut(book, record);
            record.position = book.insert(tick, id);
        }
        record.tick = tick;
        emit ServiceRepriced(id, from, tick);
    }

    /// @inheritdoc IServices
    function setEndpoint(ServiceId id, string calldata endpoint) external onlyOperator(id) {
        require(Endpoint.isValid(endpoint), Services_InvalidEndpoint(endpoint));

        _records[id].endpoint = endpoint;
        emit ServiceEndpointChanged(id, endpoint);
    }

    /// @inheritdoc IServices
    function delist(ServiceId id) external {
        Record storage record = _known(id);
        require(record.listed, Services_WrongListing(id, false));
        address operator = record.operator;
        require(
            msg.sender == operator || BONDS.allocated(operator, address(this)) < _minBond(),
            Services_NotOperator(id, msg.sender)
        );

        bytes32 key = _bookKey(record.modelId, record.tier);
        _takeOut(_books[key], record);
        record.listed = false;
        _listedBy[operator][key] = ServiceId.wrap(0);
        emit ServiceDelisted(id);
    }

    /// @inheritdoc IServices
    function list(ServiceId id) external onlyOperator(id) {
        Record storage record = _records[id];
        require(!record.listed, Services_WrongListing(id, true));
        _requireNewBusiness(msg.sender);

        _enter(id, record);
    }

    function _requireNewBusiness(address operator) private view {
        require(MODULES.takesNewBusiness(address(this)), Services_NewBusinessStopped());
        uint256 allocated = BONDS.allocated(operator, address(this));
        uint256 required = _minBond();
        require(allocated >= required, Services_InsufficientBond(operator, allocated, required));
    }

    function _enter(ServiceId id, Record storage record) private {
        bytes32 key = _bookKey(record.modelId, record.tier);
        ServiceId other = _listedBy[record.operator][key];
        require(ServiceId.unwrap(other) == 0, Services_AlreadyOffered(other));

        record.listed = true;
        record.position = _books[key].insert(record.tick, id);
        _listedBy[record.operator][key] = id;
        emit ServiceListed(id);
    }

    function _takeOut(TickBook.Book storage book, Record storage record) private {
        uint32 position = record.position;
        ServiceId moved = book.remove(record.tick, position);
        _records[moved].position = position;
    }

    /* MATCHING */

    /// @inheritdoc IServices
    function reserve(
        bytes32 modelId,
        Tier tier,
        uint256 ceiling,
        uint256 budget,
        bytes32 salt
    ) external onlySessions returns (ServiceId id, uint256 unitPrice, address operator, address signer) {
        TickBook.Book storage book = _books[_bookKey(modelId, tier)];
        (bool found, uint256 cheapest) = book.next(0);
        uint256 lowest = found ? PriceTicks.priceAt(cheapest) : 0;
        require(found && lowest <= ceiling, Services_NoMatch(modelId, tier, ceiling, lowest));
        id = _pick(book, cheapest, PriceTicks.tickAtOrBelow(ceiling), budget, uint256(salt));
        require(ServiceId.unwrap(id) != 0, Services_NoMatch(modelId, tier, ceiling, lowest));

        Record storage record = _records[id];
        (operator, signer) = (record.operator, record.signer);
        unitPrice = PriceTicks.priceAt(record.tick);
        reservedOf[operator] += budget;
        emit CapacityReserved(id, operator, budget);
    }

    /// @inheritdoc IServices
    function release(ServiceId id, uint256 budget) external onlySessions {
        address operator = _records[id].operator;
        reservedOf[operator] -= budget;
        emit CapacityReleased(id, operator, budget);
    }

    /* VIEWS */

    /// @inheritdoc IServices
    function get(ServiceId id) external view returns (Service memory) {
        Record storage record = _known(id);
        return
            Service({
                operator: record.operator,
                signer: record.signer,
                modelId: record.modelId,
                tier: record.tier,
                tick: record.tick,
                listed: record.listed,
                endpoint: record.endpoint
            });
    }

    /// @inheritdoc IServices
    function priceAt(uint16 tick) external pure returns (uint256) {
        require(tick <= PriceTicks.MAX_TICK, Services_TickTooHigh(tick, PriceTicks.MAX_TICK));
        return PriceTicks.priceAt(tick);
    }

    /// @inheritdoc IServices
    function tickAtOrBelow(uint256 price) external pure returns (uint16) {
        require(price != 0, Services_NoTickAtOrBelow(price));
        return uint16(PriceTicks.tickAtOrBelow(price));
    }

    function _operatorOf(ServiceId id) internal view override returns (address) {
        return _records[id].operator;
    }

    function _known(ServiceId id) private view returns (Record storage record) {
        record = _records[id];
        require(record.operator != address(0), Services_Unknown(id));
    }

    function _bookKey(bytes32 modelId, Tier tier) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, tier));
    }
}
